"""What a story is: what every lane tells of one release under load, and how it ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.e2e.load import Answer, Load
from tests.e2e.recorder import Record
from tests.e2e.releases import Release
from tests.e2e.waiting import NeverHappened, until

ROLL_BACK = '{"spec": {"rollback": {"to": "previous", "reason": "it is part of the story"}}}'
LIFT = '{"spec": {"rollback": null}}'
QUICK_SMOKE = {"smoke": {"p95": "2s", "requests": 59, "rate": 100, "warmUp": 5}}
QUICK_ROLLOUT = {"watch": "1s", "keepWarm": "10m", "progressDeadline": "3m"}
STEP_SECONDS = 450.0
"""A step takes seconds; on a busy machine minutes. Nothing is asserted of it."""
QUIET_SECONDS, LOOKS = 8.0, 4
"""At rest is who wrote nothing for so long, in so many looks; a killed operator needs some seconds to write again."""
RATE = 15
MADE = ("ModelRevision", "Deployment", "Service", "HTTPRoute", "Job")


@dataclass(frozen=True)
class End:
    """What is left, told without names that differ between runs."""

    phases: tuple[tuple[str, str, str], ...]
    """Phase, outcome and reason of each revision, oldest first."""
    made: Mapping[str, int]
    """How many objects of each kind were created, from the first second on."""
    flips: tuple[str, ...]
    """Where production was moved, after it was opened: the versions in order."""
    weights: tuple[Mapping[str, int], ...]
    """What the route gave each version, every change in order; empty without a route."""
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


Story = Callable[[Release, Mapping[str, str], str], Outcome]
"""Tells it for a release, with the model versions by kind and the server's image. Raises NeverHappened."""


def first_release(release: Release, version: str, **spec: object) -> None:
    """How every story begins."""
    release.stage(version)
    release.apply(gates=QUICK_SMOKE, **spec)
    until("the first version is live", lambda: release.phase(version) == "Live", STEP_SECONDS, release.seen)


def announced(release: Release, version: str) -> None:
    """Wait until `version` serves and the production alias names it."""

    def look() -> bool:
        return release.phase(version) == "Live" and _announced(release) == version

    until(f"version {version} is announced", look, STEP_SECONDS, release.seen)


def roll_back(release: Release, version: str, staged: str) -> list[str]:
    """How every story ends: back to `version`, the rollback lifted; what was written although all had settled.

    `staged`: where the alias points when the rollback is lifted. A candidate that was aborted would start again.
    """
    release.patch(ROLL_BACK)
    until("production is back", lambda: release.live() == version, STEP_SECONDS, release.seen)
    until("the alias is back", lambda: _announced(release) == version, STEP_SECONDS, release.seen)
    release.stage(staged)
    release.patch(LIFT)
    release.until_condition("Held", "False", within=STEP_SECONDS)
    return _at_rest(release)


def outcome(release: Release, made: Record, load: Load, written_at_rest: list[str]) -> Outcome:
    """The outcome of a story that was told to its end."""
    return Outcome(
        end=_end(release, made),
        served=release.answers(),
        answers=len(load.answers),
        failures=load.failures,
        without_endpoints=made.without_endpoints,
        written_at_rest=written_at_rest,
    )


def _announced(release: Release) -> str | None:
    return release.models.aliases().get(release.production_alias)


def _at_rest(release: Release) -> list[str]:
    """Wait until nothing has changed for a while, and look for as long again: what changed nevertheless."""
    before, same = dict[str, str](), 0
    for _ in range(60):
        now = release.written()
        same = same + 1 if now == before else 0
        if same == LOOKS:
            break
        before = now
        time.sleep(QUIET_SECONDS / LOOKS)
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
        weights=tuple({version_of[revision]: share for revision, share in each.items()} for each in made.weights),
        conditions={c["type"]: c["status"] for c in status["conditions"]},
        rollback=(rollback["trigger"], "completedAt" in rollback),
        replicas=tuple(deployments[name]["spec"]["replicas"] for name in version_of if name in deployments),
        jobs_left=len(release.cluster.list("Job", release.namespace)),
        announced=_announced(release),
    )
