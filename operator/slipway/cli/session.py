"""What every command shares: which release, how to reach the cluster, and what becomes of an error."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import click
from kubernetes.aio import config
from pydantic import ValidationError

from slipway.api.base import GROUP
from slipway.api.release import ModelRelease
from slipway.api.revision import ModelRevision
from slipway.cluster.kube import ApiServer
from slipway.cluster.port import Cluster, ClusterError, NotFound
from slipway.words.names import RELEASE_LABEL

T = TypeVar("T")

NOT_PROMOTED = 1
"""Exit code when the model was rejected, taken back or given up."""


class Failure(click.ClickException):
    """The command could not do its work. The text says what was wrong, where, and what to do."""

    exit_code = 2


@dataclass(frozen=True)
class ReleaseKey:
    """One release."""

    namespace: str
    name: str

    @property
    def labels(self) -> dict[str, str]:
        """Labels of everything that belongs to it."""
        return {RELEASE_LABEL: self.name}

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


def on_cluster(work: Callable[[Cluster], Awaitable[T]]) -> T:
    """Run `work` against the current cluster. Raises Failure for whatever a person can mend."""
    try:
        return asyncio.run(_connected(work))
    except config.ConfigException as error:
        raise Failure(
            f"cannot connect to a cluster: {error}; set KUBECONFIG, or check `kubectl config current-context`"
        ) from None
    except NotFound as error:
        raise Failure(
            f"{error.message}; check that Slipway's CRDs are installed: `kubectl api-resources --api-group={GROUP}`"
        ) from None
    except ClusterError as error:
        raise Failure(f"the API server refused or did not answer: {error}; check `kubectl get --raw /readyz`") from None
    except ValidationError as error:
        raise Failure(
            f"an object does not match the version of this command: {error}; update slipway or its CRDs"
        ) from None


async def _connected(work: Callable[[Cluster], Awaitable[T]]) -> T:
    cluster = await ApiServer.connect()
    try:
        return await work(cluster)
    finally:
        await cluster.close()


async def read_release(cluster: Cluster, key: ReleaseKey) -> ModelRelease:
    """The release. Raises Failure where there is none."""
    manifest = await cluster.get("ModelRelease", key.namespace, key.name)
    if manifest is not None:
        return ModelRelease.parse(manifest)
    known = [found["metadata"]["name"] for found in await cluster.list("ModelRelease", key.namespace, {})]
    there = f"there are: {', '.join(sorted(known))}" if known else "there are none; use --namespace"
    raise Failure(f"namespace {key.namespace} has no ModelRelease {key.name}; {there}")


async def read_revisions(cluster: Cluster, key: ReleaseKey) -> list[ModelRevision]:
    """The release's revisions, oldest first."""
    found = await cluster.list("ModelRevision", key.namespace, key.labels)
    return sorted((ModelRevision.parse(each) for each in found), key=lambda revision: revision.spec.number)


def current_namespace() -> str:
    """The namespace that kubectl would use."""
    try:
        _, active = config.list_kube_config_contexts()
    except config.ConfigException:
        return "default"
    return str(active["context"].get("namespace") or "default")
