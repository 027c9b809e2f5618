"""What people and machines do to a release that has a way back: nothing of it costs an answer, or the way back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.e2e.cluster import Cluster
from tests.e2e.conftest import Stage
from tests.e2e.kubectl import Refused, kubectl
from tests.e2e.load import steady_load
from tests.e2e.models import AGAIN, example
from tests.e2e.recorder import recording
from tests.e2e.releases import GATE, REVISION, Release
from tests.e2e.waiting import throughout, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

NAME = "beset"


@pytest.fixture(scope="module")
def release(stage: Stage, versions: Mapping[str, str]) -> Release:
    """A release that serves its second good version, with the first one warm."""
    made = stage(NAME)
    made.stage(versions["modest"])
    made.apply()
    made.until_promoted(versions["modest"])
    made.release(versions["good"])
    return made


@contextmanager
def cordoned() -> Iterator[None]:
    """No pod starts on the only node."""
    node = kubectl("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}")
    kubectl("cordon", node)
    try:
        yield
    finally:
        kubectl("uncordon", node)


def evict(release: Release, pod: str) -> None:
    """What `kubectl drain` does to a pod. Raises Refused where the budget does not allow it."""
    where = f"/api/v1/namespaces/{release.namespace}/pods/{pod}/eviction"
    meta = {"name": pod, "namespace": release.namespace}
    kubectl(
        "create", "--raw", where, "-f", "-", manifest={"apiVersion": "policy/v1", "kind": "Eviction", "metadata": meta}
    )


def test_a_previous_deployment_that_somebody_deletes_comes_back_inside_its_window(
    release: Release, cluster: Cluster
) -> None:
    previous = str(release.status()["previous"]["revision"])
    old = cluster.get("Deployment", release.namespace, previous)
    assert old is not None
    cluster.delete("Deployment", release.namespace, previous)
    until(
        "it is another Deployment", lambda: _uid(release, cluster, previous) not in (None, old["metadata"]["uid"]), 30
    )
    release.until_condition("RollbackReady", "True", within=150)


def _uid(release: Release, cluster: Cluster, name: str) -> str | None:
    found = cluster.get("Deployment", release.namespace, name)
    return str(found["metadata"]["uid"]) if found else None


@pytest.mark.alone
def test_a_drain_takes_no_more_pods_than_the_budget_allows_and_production_answers(
    served: Release, cluster: Cluster, server_image: str
) -> None:
    """The node is cordoned, so what is evicted stays away: the second eviction has to be refused."""
    live = sorted(pod["metadata"]["name"] for pod in served.pods(served.selected()).values())
    previous = served.status()["previous"]["revision"]
    warm = sorted(pod["metadata"]["name"] for pod in served.pods(previous).values())
    with steady_load(cluster, (served.namespace, served.name), server_image, example(), rate=5) as load, cordoned():
        evict(served, warm[0])
        until("the budget is used up", lambda: len(served.pods(previous)) and not _ready(served, previous), 30)
        with pytest.raises(Refused, match="disruption budget"):
            evict(served, live[0])
        throughout("production serves", lambda: served.serving_pods(), seconds=3)
    assert load.failures == []
    served.until_condition("RollbackReady", "True", within=150)


def _ready(release: Release, revision: str) -> list[str]:
    pods = release.pods(revision).values()
    conditions = ((p["metadata"]["name"], c) for p in pods for c in p["status"].get("conditions", []))
    return [name for name, c in conditions if (c["type"], c["status"]) == ("Ready", "True")]


@pytest.mark.alone
@pytest.mark.long
def test_a_candidate_whose_node_is_drained_never_serves_and_production_does_not_notice(
    served: Release, versions: Mapping[str, str], cluster: Cluster, server_image: str
) -> None:
    """The smoke load loses its only pod, which finds no node any more."""
    live, version = served.selected(), versions[AGAIN]
    served.apply(gates={"smoke": {"p95": "2s", "requests": 600, "rate": 30, "onError": {"retries": 0}}})
    with steady_load(cluster, (served.namespace, served.name), server_image, example(), rate=5) as load:
        served.stage(version)
        candidate = str(served.until_phase(version, "Gating")["metadata"]["name"])
        until("the load is on", lambda: _loading(served, candidate), 60, served.seen)
        with cordoned():
            evict(served, _ready(served, candidate)[0])
            ended = served.until_phase(version, "Rejected", "Inconclusive", within=240)
    assert ended["status"]["reason"] in ("GateFail", "GateError")
    assert (served.selected(), load.failures) == (live, [])


def _loading(release: Release, candidate: str) -> bool:
    pods = release.cluster.list("Pod", release.namespace, {REVISION: candidate, GATE: "smoke"})
    return any(pod["status"]["phase"] == "Running" for pod in pods)


def test_an_alias_moved_by_hand_is_reported_and_not_obeyed(release: Release, versions: Mapping[str, str]) -> None:
    release.models.move(release.production_alias, versions["modest"])
    seen = until("it is reported", lambda: _edited(release), 30, release.seen)
    assert f"points at version {versions['modest']}, but production serves version {versions['good']}" in seen
    assert release.live() == versions["good"]
    release.models.move(release.production_alias, versions["good"])
    until("it is over", lambda: not _edited(release), 30, release.seen)


def _edited(release: Release) -> str | None:
    condition = release.condition("RegistryReachable")
    return str(condition["message"]) if condition.get("reason") == "AliasEdited" else None


def test_of_two_rollbacks_at_once_one_happens(release: Release, versions: Mapping[str, str], cluster: Cluster) -> None:
    wishes = [
        json.dumps({"spec": {"rollback": {"version": versions["modest"], "reason": f"by {who}"}}}) for who in "ab"
    ]
    with recording(cluster, release.namespace, NAME) as made, ThreadPoolExecutor(2) as people:
        list(people.map(release.patch, wishes))
        until("production is back", lambda: release.answers() == versions["modest"], 30, release.seen)
        until("it is on record", lambda: (release.status().get("rollback") or {}).get("completedAt"), 30, release.seen)
        throughout("it stays there", lambda: release.live() == versions["modest"], seconds=3)
    assert len(made.flips) == 1
    release.patch('{"spec": {"rollback": null}}')


def test_an_autoscaler_on_the_live_deployment_is_followed(release: Release, cluster: Cluster) -> None:
    live = str(release.selected())
    kubectl("-n", release.namespace, "autoscale", "deployment", live, "--min=1", "--max=3", "--cpu-percent=80")
    kubectl("-n", release.namespace, "scale", "deployment", live, "--replicas=2")
    until("the second pod serves", lambda: len(release.serving_pods()) == 2, 60, release.seen)
    throughout("nobody takes it away", lambda: _replicas(release, cluster, live) == 2, seconds=5)
    kubectl("-n", release.namespace, "delete", "horizontalpodautoscaler", live)
    release.apply(paused=True)
    until("the release decides again", lambda: _replicas(release, cluster, live) == 1, 30, release.seen)


def _replicas(release: Release, cluster: Cluster, name: str) -> int:
    found = cluster.get("Deployment", release.namespace, name) or {"spec": {"replicas": 0}}
    return int(found["spec"]["replicas"])
