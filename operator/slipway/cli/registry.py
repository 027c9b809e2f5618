"""MLflow from where the user sits: the operator's server, reached through the cluster where it is inside."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import yaml
from pydantic import ValidationError

from slipway.api.release import ModelRelease
from slipway.cli.kubectl import forwarded
from slipway.cli.session import Failure
from slipway.cluster.port import Cluster, Object
from slipway.plan.situation.observed import Version
from slipway.settings import Settings
from slipway_contract import registry_client

_IN_CLUSTER = re.compile(r"(?P<service>[^.]+)\.(?P<namespace>[^.]+)\.svc(\.cluster\.local)?\.?")
_CONFIG = {"app.kubernetes.io/name": "slipway", "app.kubernetes.io/component": "operator"}


async def configured_url(cluster: Cluster, release: ModelRelease, operator_namespace: str) -> str:
    """The URL of the release's registry in the operator's configuration. Raises Failure."""
    name = release.spec.model.registry
    for settings in await operators_settings(cluster, operator_namespace):
        if name in settings.registries:
            return settings.registries[name].url
    raise Failure(
        f"no operator in namespace {operator_namespace} is configured with registry {name}; "
        "use --operator-namespace, or name the MLflow server with --tracking-uri"
    )


async def operators_settings(cluster: Cluster, operator_namespace: str) -> list[Settings]:
    """What the operators in `operator_namespace` are configured with. Raises Failure."""
    found = await cluster.list("ConfigMap", operator_namespace, _CONFIG)
    return [_settings(each, operator_namespace) for each in found if "config.yaml" in each.get("data", {})]


def _settings(found: Object, namespace: str) -> Settings:
    try:
        return Settings.model_validate(yaml.safe_load(found["data"]["config.yaml"]))
    except (yaml.YAMLError, ValidationError) as error:
        raise Failure(f"ConfigMap {found['metadata']['name']} in {namespace} cannot be read: {error}") from None


@contextmanager
def reachable(url: str) -> Iterator[str]:
    """`url`, or where it can be reached from this host when it is a Service of the cluster."""
    parts = urlsplit(url)
    inside = _IN_CLUSTER.fullmatch(parts.hostname or "")
    if inside is None:
        yield url
        return
    port = parts.port or (443 if parts.scheme == "https" else 80)
    with forwarded(inside["namespace"], f"service/{inside['service']}", port) as here:
        yield here + parts.path


class RegistryAdmin:
    """One MLflow server. Every method raises Failure."""

    def __init__(self, url: str) -> None:
        registry_client.configure(os.environ, retries=2)
        # Imported here: it takes seconds, and only what talks to MLflow should wait for it.
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException

        from slipway.registry import figures, origin

        self._url, self._error = url, MlflowException
        self._origin, self._logged = origin.origin, figures.logged
        self._client = MlflowClient(tracking_uri=url, registry_uri=url)

    def latest(self, model: str) -> str:
        """The newest version of `model`."""
        with self._explained(f"cannot read the versions of {model}"):
            newest = self._client.search_model_versions(
                f"name = '{model}'", max_results=1, order_by=["version_number DESC"]
            )
        if not newest:
            raise Failure(f"MLflow has no version of {model}; register one first")
        return str(newest[0].version)

    def alias(self, model: str, alias: str) -> str | None:
        """The version that `alias` points at."""
        with self._explained(f"cannot read the aliases of {model}"):
            aliases = self._client.get_registered_model(model).aliases or {}
        return str(aliases[alias]) if alias in aliases else None

    def move(self, model: str, alias: str, version: str) -> None:
        """Point `alias` at `version`."""
        with self._explained(f"cannot move alias {alias} of {model} to version {version}"):
            self._client.set_registered_model_alias(model, alias, version)

    def described(self, model: str, version: str) -> Version:
        """`version` of `model` with its tags and the metrics that were logged on it."""
        with self._explained(f"cannot read version {version} of {model}"):
            found = self._client.get_model_version(model, version)
            behind = self._origin(self._client, found)
            metrics = self._logged(self._client, behind, found.run_id, None)
        return Version(
            version=str(found.version),
            model_id=behind.model_id,
            run_id=found.run_id or None,
            tags={str(k): str(v) for k, v in (found.tags or {}).items()},
            metrics=metrics,
        )

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        try:
            yield
        except self._error as error:
            raise Failure(f"{what}: MLflow at {self._url}: {error}") from None
