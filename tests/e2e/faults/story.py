"""The story that every lane tells: a first release, a second one, a rollback, and its end. Under load all the while."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from tests.e2e.load import Answer, steady_load
from tests.e2e.models import example
from tests.e2e.recorder import Record, recording
from tests.e2e.releases import Release
from tests.e2e.waiting import NeverHappened, until

ROLL_BACK = '{"spec": {"rollback": {"to": "previous", "reason": "it is part of the story"}}}'
LIFT = '{"spec": {"rollback": null}}'
QUICK = {
    "gates": {"smoke": {"p95": "2s", "requests": 59, "rate": 100, "warmUp": 5}},
    "rollout": {"watch": "1s", "keepWarm": "10m", "progressDeadline": "3m"},
}
STEP_SECONDS = 300.0
"""A step takes seconds; on a busy machine minutes. Nothing is asserted of it."""
QUIET_SECONDS = 5.0
RATE = 15
MADE = ("ModelRevision", "Deployment", "Service", "Job")


@dataclass(frozen=True)
class End:
    """What is left, told without names that differ between runs."""

    phases: tuple[tuple[str, str, str], ...]
    """Phase, outcome and reason of each revision, oldest first."""
    made: Mapping[str, int]
    """How many objects of each kind were created, from the first second on."""
    flips: tuple[str, ...]
    """Where production was moved, after it was opened: the versions in order."""
    conditions: Mapping[str, str]
    rollback: tuple[str, bool]
    """Who asked for it, and whether it was completed."""
    replicas: tuple[int, ...]
    """Of each revision's Deployment, oldest first."""
    jobs_left: int
    announced: str | None
    """The version that the production alias names."""


@dataclass(frozen=True)
class Outcome:
    """How one lane ended, and what callers saw on the way."""

    end: End
    served: str | None
    """The version that answers."""
    answers: int
    failures: list[Answer]
    without_endpoints: list[float]
    """When production had no ready pod, after it once had one."""
    written_at_rest: list[str]
    """What changed although everything had settled."""


def tell(release: Release, versions: Mapping[str, str], image: str) -> Outcome:
    """The whole story of one release. Raises NeverHappened where it gets stuck."""
    first, second = versions["modest"], versions["good"]
    with recording(release.cluster, release.namespace, release.name) as made:
        release.stage(first)
        release.apply(**QUICK)
        until("the first version is live", lambda: release.phase(first) == "Live", STEP_SECONDS, release.seen)
        where = (release.namespace, release.name)
        with steady_load(release.cluster, where, image, example(), RATE) as load:
            release.stage(second)
            until("the second version is announced", lambda: _promoted(release, second), STEP_SECONDS, release.seen)
            release.patch(ROLL_BACK)
            release.until_phase(second, "RolledBack", within=STEP_SECONDS)
            until("the alias is back", lambda: _announced(release) == first, STEP_SECONDS, release.seen)
            release.patch(LIFT)
            release.until_condition("Held", "False", within=STEP_SECONDS)
            changed = _at_rest(release)
    return Outcome(
        end=_end(release, made),
        served=release.answers(),
        answers=len(load.answers),
        failures=load.failures,
        without_endpoints=made.without_endpoints,
        written_at_rest=changed,
    )


def _promoted(release: Release, version: str) -> bool:
    return release.phase(version) == "Live" and _announced(release) == version


def _announced(release: Release) -> str | None:
    return release.models.aliases().get(release.production_alias)


def _at_rest(release: Release) -> list[str]:
    """Wait until nothing changes any more, and look for longer than that: what changed nevertheless."""
    before = dict[str, str]()
    for _ in range(20):
        now = release.written()
        if now == before:
            break
        before = now
        time.sleep(2.0)
    else:
        raise NeverHappened(f"never at rest: {release.seen()}")
    time.sleep(QUIET_SECONDS)
    after = release.written()
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def _end(release: Release, made: Record) -> End:
    revisions, status = release.revisions(), release.status()
    version_of = {r["metadata"]["name"]: str(r["spec"]["model"]["version"]) for r in revisions}
    deployments = {d["metadata"]["name"]: d for d in release.cluster.list("Deployment", release.namespace)}
    rollback = status["rollback"]
    return End(
        phases=tuple((r["status"]["phase"], r["status"].get("outcome", ""), r["status"]["reason"]) for r in revisions),
        made={kind: made.count(kind) for kind in MADE},
        flips=tuple(version_of[revision] for _, revision in made.flips),
        conditions={c["type"]: c["status"] for c in status["conditions"]},
        rollback=(rollback["trigger"], "completedAt" in rollback),
        replicas=tuple(deployments[name]["spec"]["replicas"] for name in version_of if name in deployments),
        jobs_left=len(release.cluster.list("Job", release.namespace)),
        announced=_announced(release),
    )
