"""People edit what Slipway made, or change their minds in the middle of a release. Production stays what was proven."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.cluster import Cluster, Object
from tests.e2e.conftest import Stage
from tests.e2e.kubectl import kubectl
from tests.e2e.load import steady_load
from tests.e2e.models import example
from tests.e2e.recorder import recording
from tests.e2e.releases import RELEASE, REVISION, Release, server
from tests.e2e.waiting import throughout, until

pytestmark = [pytest.mark.e2e, pytest.mark.story, pytest.mark.timeout(900)]

NAME = "edited"
LONG: Mapping[str, Any] = {"smoke": {"p95": "2s", "requests": 240, "rate": 30}}
"""Long enough for an edit before it is through."""
MOVES, MOVE_SECONDS = 20, 3.0


@pytest.fixture(scope="module")
def release(stage: Stage, versions: Mapping[str, str]) -> Release:
    """A release that serves its second version, the first one warm."""
    made = stage(NAME)
    made.stage(versions["modest"])
    made.apply()
    made.until_promoted(versions["modest"])
    made.release(versions["good"])
    return made


def select(release: Release, revision: str) -> None:
    """Edit the selector of the production Service."""
    change = {"spec": {"selector": {RELEASE: NAME, REVISION: revision}}}
    release.cluster.patch("Service", release.namespace, NAME, change)


def test_an_edited_selector_is_reported_and_left_to_whoever_edited_it(
    release: Release, versions: Mapping[str, str]
) -> None:
    first, second = (str(release.status()[part]["revision"]) for part in ("previous", "live"))
    select(release, first)

    stalled = release.until_condition("Stalled", "True")

    assert stalled["reason"] == "SelectorEdited"
    assert f"points at {first}" in stalled["message"]
    assert f"point it back at {second}" in stalled["message"]
    throughout("it stays as it was edited", lambda: release.selected() == first, seconds=5)
    select(release, second)
    release.until_condition("Stalled", "False")
    assert (release.answers(), release.phase(versions["good"])) == (versions["good"], "Live")


def test_an_edited_status_is_what_is_seen_again(release: Release, versions: Mapping[str, str]) -> None:
    edited = '{"status": {"live": {"version": "99"}}}'
    where = ("-n", release.namespace, "modelrelease", NAME)
    kubectl("patch", *where, "--subresource=status", "--type=merge", "-p", edited)

    until("it tells the truth", lambda: release.live() == versions["good"], 30, release.seen)

    assert release.status()["phase"] == "Live"
    assert release.answers() == versions["good"]


def test_a_child_without_its_owner_is_taken_back(release: Release) -> None:
    release.cluster.patch("Service", release.namespace, NAME, {"metadata": {"ownerReferences": None}})

    until("it has its owner again", lambda: _owners(release), 30)

    assert [owner["name"] for owner in _owners(release)] == [NAME]


def _owners(release: Release) -> list[Object]:
    service = release.cluster.get("Service", release.namespace, NAME) or {}
    found: list[Object] = service["metadata"].get("ownerReferences", [])
    return found


def test_a_spec_that_changes_before_the_flip_starts_the_proof_anew(
    release: Release, versions: Mapping[str, str], cluster: Cluster, server_image: str
) -> None:
    again = versions["modest"]
    release.apply(gates=LONG)
    with (
        recording(cluster, release.namespace, NAME) as made,
        steady_load(cluster, (release.namespace, NAME), server_image, example(), rate=20) as load,
    ):
        release.stage(again)
        outdated = str(release.until_phase(again, "Gating")["metadata"]["name"])
        release.apply(gates={"smoke": {**LONG["smoke"], "requests": 60}})
        promoted = release.until_promoted(again)

    ended = _revision(release, outdated)
    assert promoted["metadata"]["name"] != outdated
    assert (ended["status"]["phase"], ended["status"]["reason"]) == ("Superseded", "SpecChanged")
    assert promoted["spec"]["policy"]["gates"]["smoke"]["requests"] == 60
    assert [revision for _, revision in made.flips] == [promoted["metadata"]["name"]], "the outdated one never served"
    assert load.failures == []
    until("nothing of it is left", lambda: cluster.get("Deployment", release.namespace, outdated) is None, 60)


def _revision(release: Release, name: str) -> Object:
    return next(revision for revision in release.revisions() if revision["metadata"]["name"] == name)


@pytest.mark.long
def test_a_candidate_that_is_deleted_during_its_gates_comes_again(
    release: Release, versions: Mapping[str, str], cluster: Cluster
) -> None:
    better = versions["good"]
    release.release(versions["modest"])  # as the chapters before leave it, which `make test_long` does not tell
    release.apply(gates=LONG)
    with recording(cluster, release.namespace, NAME) as made:
        release.stage(better)
        candidate = str(release.until_phase(better, "Gating")["metadata"]["name"])
        cluster.delete("Deployment", release.namespace, candidate)
        ended = release.until_phase(better, "Live", "Rejected", "Inconclusive")

    assert made.made.count(("Deployment", candidate)) == 2
    assert made.without_endpoints == []
    served = better if ended["status"]["phase"] == "Live" else versions["modest"]
    assert release.answers() == served


@pytest.mark.long
def test_a_spec_that_changes_after_the_flip_waits_for_the_watch_to_end(
    release: Release, versions: Mapping[str, str], cluster: Cluster
) -> None:
    watched = {"watch": "12s", "keepWarm": "10m", "progressDeadline": "3m"}
    version = versions["modest"]
    release.apply(rollout=watched, retry="once more")
    with recording(cluster, release.namespace, NAME) as made:
        release.stage(versions["good"])
        release.until_promoted(versions["good"])
        release.stage(version)
        first = str(release.until_phase(version, "Watching")["metadata"]["name"])
        roomier = {**server(), "podTemplate": {"env": [{"name": "ROOM", "value": "more"}]}}
        release.apply(rollout=watched, retry="once more", server=roomier)
        until("the next one is live", lambda: _follows(release, first), 120, release.seen)

    before, after = _revision(release, first), release.revisions()[-1]
    assert before["status"]["outcome"] == "Promoted", "its watch ended first"
    assert after["spec"]["model"]["version"] == version
    assert [revision for _, revision in made.flips][-2:] == [first, after["metadata"]["name"]]


def _follows(release: Release, first: str) -> bool:
    newest = release.revisions()[-1]
    return bool(newest["metadata"]["name"] != first and newest.get("status", {}).get("phase") == "Live")


@pytest.mark.long
def test_an_alias_that_moves_twenty_times_a_minute_ends_where_it_rests(
    release: Release, versions: Mapping[str, str], cluster: Cluster, server_image: str
) -> None:
    """To another version and back to what serves, every three seconds: each attempt is given up before it is proven."""
    serves, other, before = versions["modest"], versions["good"], len(release.revisions())
    release.apply(gates=LONG, retry="and again")
    with (
        recording(cluster, release.namespace, NAME) as made,
        steady_load(cluster, (release.namespace, NAME), server_image, example(), rate=20) as load,
    ):
        for number in range(MOVES):
            release.stage(serves if number % 2 else other)
            time.sleep(MOVE_SECONDS)
        release.stage(other)
        promoted = release.until_promoted(other)

    assert load.failures == []
    assert made.without_endpoints == []
    assert [revision for _, revision in made.flips] == [promoted["metadata"]["name"]], "nothing else ever served"
    attempts = release.revisions()[before:]
    assert 1 <= len(attempts) <= MOVES // 2 + 1
    assert {r["status"]["phase"] for r in attempts[:-1]} <= {"Superseded"}
    left = [r["metadata"]["name"] for r in attempts[:-1]]
    until("nothing of them is left", lambda: not any(cluster.get("Deployment", release.namespace, n) for n in left), 60)
