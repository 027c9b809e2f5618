"""Whether anybody still uses a revision that is to be scaled to zero."""

from __future__ import annotations

from slipway.api.revision import Drain, ModelRevision
from slipway.plan.situation.scene import Scene
from slipway.words.times import elapsed, stamp

QUIET_SECONDS = 6.0
"""The server ends a connection after five seconds or so; a client that still comes after that is pinned."""
LONGEST_SECONDS = 300.0
"""An upper bound, so that one client cannot keep the pods alive."""


def drained(scene: Scene, revision: ModelRevision) -> bool:
    """Whether `revision` can be scaled down: nothing is under way there and nothing came in lately."""
    known = revision.status.drain
    if not _answering(scene, revision):
        return True
    if known is None:
        return False
    if elapsed(known.since, scene.now) >= LONGEST_SECONDS:
        return True
    now = looked(scene, revision)
    quiet = now.read_at is not None and now.requests == known.requests and now.in_flight == 0
    return quiet and known.read_at is not None and elapsed(known.read_at, scene.now) >= QUIET_SECONDS


def due(scene: Scene, revision: ModelRevision) -> bool:
    """Whether its pods are to be looked at now."""
    known = revision.status.drain
    return known is None or elapsed(known.read_at or known.since, scene.now) >= QUIET_SECONDS


def looked(scene: Scene, revision: ModelRevision) -> Drain:
    """What the pods of `revision` are doing now; without `read_at` where one of them does not say."""
    read, known = scene.seen.counters_of(revision.name), revision.status.drain
    since = known.since if known else stamp(scene.now)
    if any(pod not in read for pod in _answering(scene, revision)):
        return Drain(since=since, read_at=None)
    return Drain(
        since=since,
        read_at=stamp(scene.now),
        requests=sum(counters.requests for counters in read.values()),
        in_flight=sum(counters.in_flight for counters in read.values()),
    )


def _answering(scene: Scene, revision: ModelRevision) -> list[str]:
    return [pod.name for pod in scene.seen.pods_of(revision.name) if pod.ready and pod.ip]
