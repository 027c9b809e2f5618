"""Lanes: the same story in several namespaces at once, each with an operator that is struck in a way of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests.e2e import stack
from tests.e2e.cluster import Cluster, Object
from tests.e2e.faults.story import Outcome, Story
from tests.e2e.models import ROOT, Models
from tests.e2e.operator_pod import DEPLOYMENT, NAMESPACE, Operator
from tests.e2e.releases import Release
from tests.e2e.waiting import until

POD = "faults"
HERE = Path(__file__).parent
LOG = ROOT / "artifacts" / "faults.log"
"""What proxies and operators said in the last run."""
PROGRAMS = ("harness.py", "killable.py", "proxy.py")
ALIASES = ("staging", "production")


@dataclass(frozen=True)
class Lane:
    """One way to be struck; `fault` and `schedule` as proxy.py has them."""

    name: str
    fault: str
    schedule: Mapping[str, int] = field(default_factory=dict)

    @property
    def namespace(self) -> str:
        """Where it happens."""
        return f"e2e-faults-{self.name}"


@dataclass(frozen=True)
class Run:
    """What came of several lanes."""

    outcomes: Mapping[str, Outcome]
    said: Sequence[Mapping[str, Any]]
    """What the proxies and operators logged, in order."""

    def writes(self, lane: Lane) -> list[Mapping[str, Any]]:
        """The writes of one lane's operators, with what happened at each."""
        return [line for line in self.said if line.get("lane") == lane.namespace and "write" in line]

    def ended(self, lane: Lane) -> list[int]:
        """Exit codes of operators that ended by themselves."""
        return [line["ended"] for line in self.said if line.get("lane") == lane.namespace and "ended" in line]


def run(tell: Story, lanes: Sequence[Lane], operator: Operator, versions: Mapping[str, str]) -> Run:
    """Tell the story in all `lanes` at once, while no other operator runs."""
    image = str(operator.config()["images"]["server"])
    cluster, models = operator.cluster, Models.of(operator.config())
    with _namespaces(cluster, lanes), _no_other(operator), _harness(cluster, lanes):
        releases = [_release(lane, models) for lane in lanes]
        try:
            with ThreadPoolExecutor(len(lanes)) as pool:
                told = pool.map(lambda release: tell(release, versions, image), releases)
                outcomes = dict(zip((lane.name for lane in lanes), told, strict=True))
        finally:
            log = cluster.log(NAMESPACE, POD)
            LOG.parent.mkdir(exist_ok=True)
            LOG.write_text(log)
        said = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    for release in releases:
        models.drop(release.alias)
        models.drop(release.production_alias)
        release.cluster.close()
    return Run(outcomes, said)


def _release(lane: Lane, models: Models) -> Release:
    follows, announces = (f"{lane.namespace}-{alias}" for alias in ALIASES)
    models.drop(follows)
    models.drop(announces)
    return Release(Cluster(), models, lane.namespace, "struck", follows, announces)


@contextmanager
def _namespaces(cluster: Cluster, lanes: Sequence[Lane]) -> Iterator[None]:
    names = [lane.namespace for lane in lanes]
    for name in names:
        until(f"{name} is free", partial(_free, cluster, name), within=60)
        cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": stack.LABEL}})
    try:
        yield
    finally:
        for name in names:
            cluster.delete("Namespace", None, name)


def _free(cluster: Cluster, namespace: str) -> bool:
    return cluster.get("Namespace", None, namespace) is None


@contextmanager
def _no_other(operator: Operator) -> Iterator[None]:
    operator.scale(0)
    try:
        yield
    finally:
        operator.scale(1)


@contextmanager
def _harness(cluster: Cluster, lanes: Sequence[Lane]) -> Iterator[None]:
    """The pod with all lanes' operators, made from the operator's own Deployment."""
    metadata = {"name": POD, "namespace": NAMESPACE}
    programs = {name: (HERE / name).read_text() for name in PROGRAMS}
    found = cluster.get("Deployment", NAMESPACE, DEPLOYMENT)
    assert found is not None
    try:
        cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": programs})
        cluster.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": _pod(found, lanes)})
        until("the lanes begin", lambda: '"begun"' in _said(cluster), within=60, state=lambda: _said(cluster))
        yield
    finally:
        cluster.delete("Pod", NAMESPACE, POD, grace=0)
        cluster.delete("ConfigMap", NAMESPACE, POD)


def _said(cluster: Cluster) -> str:
    phase = (cluster.get("Pod", NAMESPACE, POD) or {}).get("status", {}).get("phase")
    return cluster.log(NAMESPACE, POD) if phase not in (None, "Pending") else ""


def _pod(deployment: Object, lanes: Sequence[Lane]) -> Object:
    spec: Object = dict(deployment["spec"]["template"]["spec"])
    (container,) = (dict(each) for each in spec["containers"])
    asked = [{"lane": lane.namespace, "fault": lane.fault, **lane.schedule} for lane in lanes]
    account = [
        {"serviceAccountToken": {"path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
    ]
    volumes = [
        {"name": "programs", "configMap": {"name": POD}},
        {"name": "account", "projected": {"sources": account}},
    ]
    mounts = [
        {"name": "programs", "mountPath": "/programs", "readOnly": True},
        {"name": "account", "mountPath": "/var/run/faults", "readOnly": True},
    ]
    for probe in ("livenessProbe", "readinessProbe", "startupProbe", "ports", "resources"):
        container.pop(probe, None)
    env = [*container.get("env", []), {"name": "LANES", "value": json.dumps(asked)}]
    env.append({"name": "PYTHONPATH", "value": "/programs:/app"})
    mounted = [*container["volumeMounts"], *mounts]
    container |= {"command": ["python", "/programs/harness.py"], "env": env, "volumeMounts": mounted}
    # Without a token in its usual place, the operator takes the kubeconfig that names the proxy.
    spec |= {"restartPolicy": "Never", "automountServiceAccountToken": False, "terminationGracePeriodSeconds": 0}
    return {**spec, "containers": [container], "volumes": [*spec["volumes"], *volumes]}
