"""After the flip, production goes back by itself when the new version disappoints: once, and then it is held."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.e2e.cluster import Cluster
from tests.e2e.conftest import Stage
from tests.e2e.load import steady_load
from tests.e2e.models import example
from tests.e2e.recorder import recording
from tests.e2e.releases import Release
from tests.e2e.waiting import throughout, until

pytestmark = [pytest.mark.e2e, pytest.mark.story, pytest.mark.timeout(900)]

NAME = "fragile"
LENIENT = {"smoke": {"p95": "2s", "requests": 100, "rate": 20}}
STRICT = {"latency": {"p95": "200ms"}}


@pytest.fixture(scope="module")
def release(stage: Stage, versions: Mapping[str, str]) -> Release:
    """A release that serves its second good version, with the first one warm."""
    made = stage(NAME)
    made.stage(versions["modest"])
    made.apply(gates=LENIENT, slo=STRICT, rollout={"watch": "3s", "keepWarm": "10m", "progressDeadline": "6m"})
    made.until_promoted(versions["modest"])
    made.release(versions["good"])
    return made


def test_production_goes_back_when_the_live_pods_are_gone(
    release: Release, versions: Mapping[str, str], cluster: Cluster
) -> None:
    lost = release.selected()
    with recording(cluster, release.namespace, NAME) as made:
        cluster.delete("Deployment", release.namespace, str(lost))
        taken_back = release.until_phase(versions["good"], "RolledBack", within=150)
        throughout("the previous version serves", lambda: release.live() == versions["modest"], seconds=5)

    assert taken_back["status"]["reason"] == "RolledBackByPodsUnready"
    assert len(made.flips) == 1
    assert release.answers() == versions["modest"]
    held = release.condition("Held")
    assert (held["status"], held["reason"]) == ("True", "AutomaticRollback")
    assert release.condition("Ready")["status"] == "True"
    restored = until("the alias is restored", lambda: release.models.aliases().get(release.production_alias), 30)
    assert restored == versions["modest"]


def test_production_goes_back_when_the_new_version_is_too_slow_for_its_callers(
    release: Release, versions: Mapping[str, str], cluster: Cluster, server_image: str
) -> None:
    """The smoke gate of this release is lenient, its objective is not: only the watch can tell."""
    slow = versions["slow"]
    rollout = {"watch": "2m", "keepWarm": "10m", "progressDeadline": "6m"}
    release.apply(gates=LENIENT, slo=STRICT, rollout=rollout, retry="again")
    release.until_condition("Held", "False")
    with (
        recording(cluster, release.namespace, NAME) as made,
        steady_load(cluster, (release.namespace, NAME), server_image, example(), rate=4) as load,
    ):
        release.stage(slow)
        taken_back = release.until_phase(slow, "RolledBack", within=240)

    assert taken_back["status"]["reason"] == "RolledBackBySLOBreach"
    assert "slower than 200 ms" in taken_back["status"]["message"]
    assert load.failures == []
    assert load.versions() == [versions["modest"], slow, versions["modest"]] or load.versions() == [
        versions["modest"],
        slow,
    ]
    assert len(made.flips) == 2, "there and back"
    assert release.answers() == versions["modest"]
    assert release.condition("Held")["reason"] == "AutomaticRollback"
