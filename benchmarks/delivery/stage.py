"""What the contestants share: a namespace with one release of two versions, both warm, in the current cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from tests.e2e import stack
from tests.e2e.cluster import Cluster, Object
from tests.e2e.models import Models
from tests.e2e.operator_pod import Operator
from tests.e2e.releases import Release, server
from tests.e2e.waiting import until

from benchmarks.page import ROOT

NAMESPACE, NAME = "slipway-bench", "bench"
REPLICAS = 2
GATES = {"smoke": {"p95": "2s", "requests": 59, "rate": 100, "warmUp": 5}}
ROLLOUT = {"watch": "1s", "keepWarm": "12h", "progressDeadline": "5m"}
PATIENCE_SECONDS = 180.0


@dataclass(frozen=True)
class Stage:
    """The release, and the two revisions between which production is moved."""

    cluster: Cluster
    release: Release
    versions: tuple[str, str]
    revisions: tuple[str, str]
    templates: tuple[Object, Object]
    """The pods of both, as the operator made them."""
    server_image: str
    after: ExitStack
    """What is to be taken away at the end."""


@contextmanager
def stage(**spec: Any) -> Iterator[Stage]:
    """Everything that is measured; it goes afterwards. Needs MLflow and the operator in the cluster: `make demo`.

    `spec` adds to the release's spec.
    """
    os.environ["PATH"] = f"{ROOT / '.tools' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    cluster = Cluster()
    with stack.alone():
        operator = Operator(cluster)
        stack.hasten(operator)
        models = Models.of(operator.config())
        kinds = models.train()
        _namespace(cluster)
        release = Release(cluster, models, NAMESPACE, NAME, f"{NAMESPACE}-staging", f"{NAMESPACE}-production")
        versions = (kinds["modest"], kinds["good"])
        try:
            revisions = (promote(release, versions[0], **spec), promote(release, versions[1], **spec))
            with ExitStack() as after:
                image = operator.config()["images"]["server"]
                templates = (_template(cluster, revisions[0]), _template(cluster, revisions[1]))
                yield Stage(cluster, release, versions, revisions, templates, image, after)
        finally:
            cluster.delete("Namespace", None, NAMESPACE)
            for alias in (release.alias, release.production_alias):
                models.drop(alias)
    cluster.close()


def _template(cluster: Cluster, revision: str) -> Object:
    deployment = cluster.get("Deployment", NAMESPACE, revision)
    assert deployment is not None
    template: Object = deployment["spec"]["template"]
    return template


def _namespace(cluster: Cluster) -> None:
    cluster.delete("Namespace", None, NAMESPACE)
    until("the namespace is free", lambda: cluster.get("Namespace", None, NAMESPACE) is None, PATIENCE_SECONDS)
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": stack.LABEL}})


def promote(release: Release, version: str, **spec: Any) -> str:
    """Release `version` and wait until its watch is over; the revision."""
    model = release.model(candidate={"version": version})
    release.apply(**{"model": model, "server": server(REPLICAS), "gates": GATES, "rollout": ROLLOUT, **spec})
    return str(release.until_promoted(version)["metadata"]["name"])
