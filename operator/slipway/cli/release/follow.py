"""Following one release to its end: what is new since the last look is told, line by line."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from slipway.api.base import seconds
from slipway.api.release import ModelRelease
from slipway.api.release_status import Rejected
from slipway.api.revision import ModelRevision, Phase
from slipway.cli.session import Failure, ReleaseKey, read_release, read_revisions
from slipway.cluster.port import Cluster
from slipway.plan.situation.phases import IN_FLIGHT, SERVING

POLL_SECONDS = 0.5
STALLED_SECONDS = 30.0
"""A release that stalls for so long waits for a human; before that its last words may be about something older."""
MARGIN_SECONDS = 180.0
"""What a release may take besides its own deadlines: polling, queueing, the end of another watch."""

PROMOTED = frozenset({Phase.LIVE, Phase.RETIRED})
_OVER_UNLESS = IN_FLIGHT | {Phase.WATCHING}


@dataclass(frozen=True)
class Wish:
    """What should become of which release, and what there was before it was asked for."""

    key: ReleaseKey
    version: str
    after: int = 0
    """Number of the newest revision before: a later one is the answer."""


@dataclass(frozen=True)
class Progress:
    """One look at a release."""

    release: ModelRelease
    revisions: tuple[ModelRevision, ...]

    def answer(self, wish: Wish) -> ModelRevision | None:
        """The revision that carries the wish out: a new one, one on its way already, or the one that serves already."""
        matching = [r for r in self.revisions if r.spec.model.version == wish.version]
        wanted = [r for r in matching if r.spec.number > wish.after or r.status.phase in IN_FLIGHT | SERVING]
        return wanted[-1] if wanted else None

    def refusal(self, wish: Wish) -> Rejected | None:
        """Why the wished version will not be tried again, where an earlier attempt stands against it."""
        wanted, retry = self.release.status.wanted, self.release.spec.retry or ""
        against = [r for r in self.release.status.rejected if r.version == wish.version and r.retry == retry]
        return against[-1] if against and wanted and wanted.version == wish.version else None


Tell = Callable[[Progress, ModelRevision | None], None]


async def look(cluster: Cluster, key: ReleaseKey) -> Progress:
    """One look. Raises Failure where the release does not exist."""
    release, revisions = await asyncio.gather(read_release(cluster, key), read_revisions(cluster, key))
    return Progress(release, tuple(revisions))


async def follow(cluster: Cluster, wish: Wish, limit: float, tell: Tell) -> ModelRevision | Rejected:
    """The revision at its end, or why there will be none; `tell` gets every look. Raises Failure after `limit` s."""
    started = time.monotonic()
    stalled_since: float | None = None
    while True:
        seen = await look(cluster, wish.key)
        revision = seen.answer(wish)
        tell(seen, revision)
        if revision is not None and over(revision):
            return revision
        refusal = seen.refusal(wish) if revision is None else None
        if refusal is not None:
            return refusal
        now = time.monotonic()
        stalled_since = (stalled_since or now) if seen.release.status.phase == "Stalled" else None
        if stalled_since is not None and now - stalled_since > STALLED_SECONDS:
            raise Failure(f"{wish.key} is stalled until someone acts: {seen.release.status.message}")
        if now - started > limit:
            raise Failure(f"timed out after {limit:.0f} s; {where(wish, seen, revision)}")
        await asyncio.sleep(POLL_SECONDS)


def over(revision: ModelRevision) -> bool:
    """Whether the attempt has ended, well or not."""
    return revision.status.phase not in _OVER_UNLESS


def promoted(revision: ModelRevision) -> bool:
    """Whether the attempt ended well."""
    return revision.status.phase in PROMOTED


def where(wish: Wish, seen: Progress, revision: ModelRevision | None) -> str:
    """Where a release stands that was given up on, and what to look at."""
    message = seen.release.status.message or "the operator has not responded; check that it is running"
    if revision is None:
        return f"no revision for version {wish.version} was started: {message}"
    return f"{revision.name} is {revision.status.phase.value}: {message}. It continues: slipway wait {wish.key.name}"


def patience(release: ModelRelease) -> float:
    """Seconds that a release may take by its own deadlines, after another one's watch."""
    rollout, smoke = release.spec.rollout, release.spec.gates.smoke
    gates = 3 * seconds(smoke.timeout) if smoke else 0.0
    canary = sum(seconds(step.timeout) for step in rollout.steps)
    return seconds(rollout.progress_deadline) + gates + canary + 2 * seconds(rollout.watch) + MARGIN_SECONDS
