"""Canaries on the real cluster behind a real gateway: an exact share, evidence, and the ways back."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from datetime import datetime
from math import sqrt
from typing import Any

import pytest

from tests.e2e import figures, gateway
from tests.e2e.cluster import Cluster, Object
from tests.e2e.conftest import Stage
from tests.e2e.kubectl import Refused, kubectl
from tests.e2e.load import Load, steady_load
from tests.e2e.models import AGAIN, example
from tests.e2e.releases import RELEASE_SECONDS, Release
from tests.e2e.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.story, pytest.mark.lengthy, pytest.mark.timeout(900)]

NAME, HOST = "canary", "canary.example"
GATES = {"smoke": {"p95": "2s", "requests": 59, "rate": 100, "warmUp": 5}}
PATIENT = {"smoke": {"p95": "2s", "requests": 59, "rate": 3, "warmUp": 1}}
SLO = {"latency": {"p95": "200ms"}, "errors": {"ratio": 0.01}}
RATE = 100
CARRIED_OUT_SECONDS = 1.0
"""A gateway has long carried out new weights after this time."""


def rollout(*steps: Object) -> Object:
    return {"watch": "2s", "keepWarm": "10m", "progressDeadline": "6m", "steps": list(steps)}


def step(weight: int, requests: int, **others: Any) -> Object:
    return {"weight": weight, "minRequests": requests, "timeout": "2m", **others}


def apply(release: Release, *steps: Object) -> None:
    """The release with these canary steps."""
    release.apply(gates=GATES, slo=SLO, traffic=gateway.traffic(HOST), rollout=rollout(*steps))


@pytest.fixture(scope="module")
def release(stage: Stage, versions: Mapping[str, str]) -> Release:
    """A release behind the gateway that serves its first version."""
    made = stage(NAME)
    made.stage(versions["modest"])
    apply(made, step(10, 220), step(50, 300))
    made.until_promoted(versions["modest"])
    return made


@pytest.fixture
def load(release: Release, cluster: Cluster, server_image: str) -> Iterator[Load]:
    """People who call production through the gateway."""
    with steady_load(cluster, (release.namespace, HOST), server_image, example(), rate=RATE) as running:
        yield running


def weights(release: Release) -> dict[str, int]:
    return gateway.weights(release.cluster, release.namespace, NAME)


def revision(release: Release, version: str) -> str:
    return str((release.newest(version) or {})["metadata"]["name"])


def canary(release: Release, version: str) -> Object:
    """The state of a version's canary; empty before it."""
    return dict((release.newest(version) or {}).get("status", {}).get("canary", {}))


def started(release: Release, version: str, number: int) -> Object:
    """The state of step `number`, once it has started."""

    def look() -> Object | None:
        state = canary(release, version)
        return state if state.get("step") == number and state.get("stepStartedAt") else None

    return until(f"step {number} of version {version}", look, RELEASE_SECONDS, release.seen)


def seconds(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()


def test_a_service_is_refused_canary_steps_with_the_reason(release: Release) -> None:
    with pytest.raises(Refused, match="cannot split traffic by weight"):
        release.patch(json.dumps({"spec": {"traffic": {"router": "Service"}}}))
    with pytest.raises(Refused, match="more weight than the one before it"):
        release.patch(json.dumps({"spec": {"rollout": rollout(step(50, 1), step(10, 1))}}))


def test_ten_per_cent_are_ten_per_cent_and_two_steps_lead_to_production(
    release: Release, versions: Mapping[str, str], load: Load
) -> None:
    good, before = versions["good"], revision(release, versions["modest"])
    assert weights(release) == {before: 100}
    release.stage(good)
    first = started(release, good, 1)
    assert weights(release) == {before: 90, revision(release, good): 10}
    second = started(release, good, 2)
    release.until_promoted(good)
    load.end()
    status = (release.newest(good) or {})["status"]

    begin, end = seconds(first["stepStartedAt"]) + CARRIED_OUT_SECONDS, seconds(second["enteredAt"])
    during = [answer for answer in load.answers if begin < answer.sent < end]
    share = sum(answer.version == good for answer in during) / len(during)
    figures.record("canary: share at 10 %", f"{share:.4f} of {len(during)} requests")
    assert len(during) >= 2000
    assert abs(share - 0.1) < 4 * sqrt(0.1 * 0.9 / len(during)), share
    assert load.failures == []
    assert weights(release) == {revision(release, good): 100}
    assert release.selected() == revision(release, good), "the Service follows"
    evidence = next(gate for gate in status["gates"] if gate["name"] == "canary")
    assert evidence["verdict"] == "Pass"
    assert evidence["n"] >= 520


def test_a_bad_canary_is_taken_back_after_few_requests(
    release: Release, versions: Mapping[str, str], cluster: Cluster, server_image: str
) -> None:
    """One slow pod answers four requests a second: it gets three, so that it is slow and not overloaded."""
    slow, live = versions["slow"], str(release.selected())
    release.apply(gates=PATIENT, slo=SLO, traffic=gateway.traffic(HOST), rollout=rollout(step(10, 220)))
    with steady_load(cluster, (release.namespace, HOST), server_image, example(), rate=30) as load:
        release.stage(slow)
        rejected = release.until_phase(slow, "Rejected")
        until("its share is gone", lambda: weights(release) == {live: 100}, 10, release.seen)
    served = load.by_version(slow)
    figures.record("canary: requests served by a slow one at 10 %", len(served))
    assert rejected["status"]["reason"] == "SLOBreach"
    assert "slower than 200 ms" in rejected["status"]["message"]
    assert 0 < len(served) <= 150
    assert load.failures == []
    assert release.condition("Ready")["status"] == "True"
    assert release.status()["rejected"][0]["version"] == slow


def test_a_pause_a_hand_and_a_deleted_route(release: Release, versions: Mapping[str, str], load: Load) -> None:
    again, live = versions[AGAIN], str(release.selected())
    apply(release, step(20, 100, pause=True))
    release.stage(again)
    until("it pauses", lambda: "paused" in str(release.status().get("message")), RELEASE_SECONDS, release.seen)
    candidate = revision(release, again)

    edited = [{"name": live, "port": 80, "weight": 60}, {"name": candidate, "port": 80, "weight": 40}]
    release.cluster.patch("HTTPRoute", release.namespace, NAME, {"spec": {"rules": [{"backendRefs": edited}]}})
    stalled = release.until_condition("Stalled", "True")
    assert stalled["reason"] == "RouteEdited"
    assert weights(release) == {live: 60, candidate: 40}, "nobody fights the hand"
    edited[0]["weight"], edited[1]["weight"] = 80, 20
    release.cluster.patch("HTTPRoute", release.namespace, NAME, {"spec": {"rules": [{"backendRefs": edited}]}})
    release.until_condition("Stalled", "False")

    kubectl("-n", release.namespace, "delete", "httproute", NAME)
    until("the route is back", lambda: weights(release) == {live: 80, candidate: 20}, 30, release.seen)

    subprocess.run(["slipway", "resume", NAME, "--namespace", release.namespace], check=True, timeout=30)
    release.until_promoted(again)
    assert weights(release) == {candidate: 100}


def test_without_a_controller_and_without_traffic_nothing_is_promoted(
    release: Release, versions: Mapping[str, str], cluster: Cluster
) -> None:
    worse, live = versions["worse"], revision(release, versions[AGAIN])
    apply(release, step(10, 100, timeout="8s"))
    release.stage(worse)
    release.until_phase(worse, "Gating")
    gateway.scale(cluster, 0)
    try:
        said = "has not programmed the latest weights yet"
        until(
            "the gateway's silence is said", lambda: said in release.condition("RouteAccepted").get("message", ""), 60
        )
        ended = release.until_phase(worse, "Inconclusive", within=150)
    finally:
        gateway.scale(cluster, 1)
    assert ended["status"]["reason"] == "RouteNotAccepted"
    until("its share is gone", lambda: weights(release) == {live: 100}, 30, release.seen)

    release.patch(json.dumps({"spec": {"retry": "with a gateway"}}))
    number = int(ended["spec"]["number"])
    newer = until("another attempt ends", lambda: _ended(release, worse, number), RELEASE_SECONDS, release.seen)
    assert newer["status"]["reason"] == "TooLittleTraffic"
    assert "of 100 requests at 10 % after 8s" in newer["status"]["message"]
    until("its share is gone", lambda: weights(release) == {live: 100}, 30, release.seen)
    assert release.live() == versions[AGAIN]


def _ended(release: Release, version: str, after: int) -> Object | None:
    newest = release.newest(version)
    if newest is None or int(newest["spec"]["number"]) <= after:
        return None
    return newest if newest.get("status", {}).get("phase") == "Inconclusive" else None
