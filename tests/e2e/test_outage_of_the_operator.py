"""The operator is killed at the worst moments of a release. The end is the same, and nothing is made or done twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from tests.e2e.cluster import Cluster, Object, events
from tests.e2e.conftest import not_served, unasked
from tests.e2e.operator_pod import Operator
from tests.e2e.recorder import Record, recording
from tests.e2e.releases import REVISION, Release
from tests.e2e.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.timeout(900)]

Moment = tuple[str, Callable[[Object], bool]]
"""A kind to watch, and when the moment has come."""


def _phase(phase: str) -> Moment:
    return "ModelRevision", lambda revision: revision.get("status", {}).get("phase") == phase


def _job(state: str) -> Moment:
    return "Job", lambda job: job.get("status", {}).get(state) == 1


MOMENTS = [
    pytest.param(_phase("Staging"), id="during staging", marks=pytest.mark.long),
    pytest.param(_job("active"), id="during the smoke job", marks=pytest.mark.long),
    pytest.param(_job("succeeded"), id="after the smoke job", marks=pytest.mark.long),
    pytest.param(_phase("Promoting"), id="right before the flip"),
    pytest.param(_phase("Watching"), id="right after the flip"),
]


@dataclass(frozen=True)
class End:
    """What one release left behind, whichever revision it was."""

    deployments: int
    jobs: int
    revisions: int
    flips: int
    phases: tuple[str, str]
    """Of the revision before and of the newest one."""
    conditions: Mapping[str, str]
    running: frozenset[str]
    """Deployments with pods: `live` and `previous`."""
    jobs_left: int


@pytest.fixture(scope="module")
def undisturbed(lasting: Release, versions: Mapping[str, str], cluster: Cluster) -> End:
    """How a release ends when nobody is killed."""
    release = unasked(lasting)
    with recording(cluster, release.namespace, release.name) as made:
        release.release(not_served(release, versions))
        _at_rest(release)
    return _end(release, made)


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_release_ends_as_if_the_operator_had_lived(
    moment: Moment,
    undisturbed: End,
    served: Release,
    versions: Mapping[str, str],
    operator: Operator,
    cluster: Cluster,
) -> None:
    version, victim = not_served(served, versions), operator.pod()
    operator.keep_log()
    with recording(cluster, served.namespace, served.name) as made:
        _kill_at(moment, served, version, operator)
        served.until_promoted(version)
        _at_rest(served)

    assert operator.pod() != victim
    assert _end(served, made) == undisturbed
    assert served.answers() == version


def _kill_at(moment: Moment, release: Release, version: str, operator: Operator) -> None:
    kind, has_come = moment
    serving = release.selected()
    with release.cluster.stream(kind, release.namespace, seconds=90) as stream:
        release.stage(version)
        for _, _, found in events(stream):
            if _revision(found) != serving and has_come(found):
                operator.kill()
                return
    raise AssertionError(f"the moment never came: {release.seen()}")


def _revision(found: Object) -> str:
    """The revision that an object is, or belongs to."""
    return str(found["metadata"]["labels"].get(REVISION, found["metadata"]["name"]))


def _at_rest(release: Release) -> None:
    """Wait until what the release needs no more is gone, or has ended: logs of finished gates are kept."""
    until(
        "the release is at rest", lambda: not _unfinished(release), 60, lambda: (_unfinished(release), release.seen())
    )


def _unfinished(release: Release) -> list[str]:
    jobs = [j for j in release.cluster.list("Job", release.namespace) if not j.get("status", {}).get("conditions")]
    services = [
        s for s in release.cluster.list("Service", release.namespace) if s["metadata"]["name"].endswith("staging")
    ]
    surplus = set(_running(release)) - {"live", "previous"}
    return [str(o["metadata"]["name"]) for o in (*jobs, *services)] + sorted(surplus)


def _running(release: Release) -> list[str]:
    """Deployments that want pods, by the part that their revision has."""
    status = release.status()
    parts = {(status.get(part) or {}).get("revision"): part for part in ("live", "previous")}
    found = release.cluster.list("Deployment", release.namespace)
    wanted = [str(d["metadata"]["name"]) for d in found if d["spec"]["replicas"] > 0]
    return [parts.get(name, name) for name in wanted]


def _end(release: Release, made: Record) -> End:
    before, newest = release.revisions()[-2:]
    return End(
        deployments=made.count("Deployment"),
        jobs=made.count("Job"),
        revisions=made.count("ModelRevision"),
        flips=len(made.flips),
        phases=(before["status"]["phase"], newest["status"]["phase"]),
        conditions={c["type"]: c["status"] for c in release.status()["conditions"]},
        running=frozenset(_running(release)),
        jobs_left=len(release.cluster.list("Job", release.namespace, {REVISION: newest["metadata"]["name"]})),
    )
