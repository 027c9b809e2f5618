"""The watch by a Prometheus that answers, answers late, answers NaN or is gone: silence is never good news."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from tests.e2e import stack
from tests.e2e.cluster import Cluster
from tests.e2e.conftest import Stage
from tests.e2e.fickle_prometheus import FicklePrometheus
from tests.e2e.load import steady_load
from tests.e2e.models import AGAIN, example
from tests.e2e.operator_pod import Operator
from tests.e2e.prometheus import Prometheus
from tests.e2e.releases import Release
from tests.e2e.waiting import throughout, until

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.long, pytest.mark.story, pytest.mark.timeout(900)]

NAME = "blind"
WATCH_SECONDS = 8


def rollout(**changes: str) -> Mapping[str, str]:
    """How it is rolled out."""
    return {"watch": f"{WATCH_SECONDS}s", "keepWarm": "10m", "progressDeadline": "3m", **changes}


@pytest.fixture(scope="module")
def source(
    monitoring: Prometheus, cluster: Cluster, operator: Operator, namespace: str, server_image: str
) -> Iterator[FicklePrometheus]:
    """The operator reads its counters from this Prometheus."""
    made = FicklePrometheus(cluster, namespace, server_image)
    made.start()
    stack.configure(f"prometheus.url={made.url}")
    operator.until_ready()
    yield made
    stack.configure("prometheus.url=")
    operator.until_ready()


@pytest.fixture(scope="module")
def release(
    stage: Stage, source: FicklePrometheus, versions: Mapping[str, str], cluster: Cluster, server_image: str
) -> Iterator[Release]:
    """A release that serves its first version to five callers a second."""
    made = stage(NAME)
    made.stage(versions["modest"])
    made.apply(rollout=rollout(watch="0s"))
    made.until_promoted(versions["modest"])
    with steady_load(cluster, (made.namespace, NAME), server_image, example(), rate=5):
        yield made


def test_a_watch_ends_by_what_prometheus_has_counted(release: Release, versions: Mapping[str, str]) -> None:
    release.apply(rollout=rollout(watch="30s"))
    promoted = release.release(versions["good"])
    assert promoted["status"]["watched"]["requests"] >= 30
    assert "met its objectives for 30 s" in promoted["status"]["message"]


def test_a_watch_does_not_end_on_nan_nor_without_prometheus_and_says_so(
    release: Release, source: FicklePrometheus, versions: Mapping[str, str]
) -> None:
    release.apply(rollout=rollout())
    source.answer("nan")
    release.stage(versions[AGAIN])
    release.until_phase(versions[AGAIN], "Watching")
    throughout("it is watched on", lambda: release.phase(versions[AGAIN]) == "Watching", seconds=WATCH_SECONDS + 7)
    source.stop()
    said = until("it says that it is blind", lambda: _blind(release), 90, release.seen)
    assert "see spec.rollout.onNoData" in said
    assert release.phase(versions[AGAIN]) == "Watching", "onNoData is Hold"
    source.start()
    assert "kept its objectives" in release.until_promoted(versions[AGAIN])["status"]["message"]


def _blind(release: Release) -> str | None:
    condition = release.condition("SLOHealthy")
    return str(condition["message"]) if condition["status"] == "Unknown" and "read" in condition["message"] else None


def test_with_on_no_data_rollback_a_prometheus_that_answers_too_late_takes_production_back(
    release: Release, source: FicklePrometheus, versions: Mapping[str, str]
) -> None:
    release.apply(rollout=rollout(onNoData="Rollback"))
    source.answer("late")
    release.stage(versions["modest"])
    taken_back = release.until_phase(versions["modest"], "RolledBack", within=180)
    assert taken_back["status"]["reason"] == "RolledBackByNoData"
    assert release.answers() == versions[AGAIN]
    assert release.condition("Held")["reason"] == "AutomaticRollback"
