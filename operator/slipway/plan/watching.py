"""Watching: production serves the revision; its counters are added up until the watch is over."""

from __future__ import annotations

from collections.abc import Mapping

from slipway.api.base import seconds
from slipway.api.revision import ModelRevision, Phase, Watched
from slipway.plan.actions import Plan
from slipway.plan.moves import move, note, wait
from slipway.plan.observed import Counters
from slipway.plan.scene import Scene
from slipway.times import elapsed, stamp

READ_SECONDS = 2.0


def watch(scene: Scene) -> Plan | None:
    """Add up the counters of the revision under watch; end the watch when its time is over."""
    live = scene.live
    if live is None or live.status.phase is not Phase.WATCHING:
        return None
    length = seconds(live.spec.policy.rollout.watch)
    if elapsed(live.status.flipped_at, scene.now) >= length:
        why = ("Promoted", f"{live.name} (version {live.spec.model.version}) kept its objectives for {length:g} s")
        return move(scene, live, Phase.LIVE, why)
    counters = scene.seen.counters
    if counters is not None and due(live, scene):
        watched = added(live.status.watched or Watched(), counters)
        return note(live, watched=watched.model_copy(update={"read_at": stamp(scene.now)}))
    return None


def due(live: ModelRevision, scene: Scene) -> bool:
    """Whether the counters should be read again."""
    watched = live.status.watched
    return watched is None or elapsed(watched.read_at, scene.now) >= READ_SECONDS


def pause(scene: Scene) -> Plan | None:
    """Look again soon while a revision is under watch."""
    live = scene.live
    if live is None or live.status.phase is not Phase.WATCHING:
        return None
    length = seconds(live.spec.policy.rollout.watch)
    left = length - elapsed(live.status.flipped_at, scene.now)
    return wait(f"watching {live.name} for {length:g} s after the flip", min(READ_SECONDS, max(left, 0.1)))


def added(before: Watched, counters: Mapping[str, Counters]) -> Watched:
    """`before` with what every pod counted since it was last read.

    A pod that is read for the first time sets its baseline: what it answered before the flip is not production traffic.
    A counter that went down belongs to a restarted process: everything that it shows is new.
    """
    totals, baseline = [before.requests, before.slow, before.errors], dict(before.baseline)
    for pod, read in counters.items():
        current = (read.requests, read.slow, read.errors)
        last = baseline.get(pod, current)
        reset = current[0] < last[0]
        totals = [t + c - (0 if reset else b) for t, c, b in zip(totals, current, last, strict=True)]
        baseline[pod] = current
    return Watched(requests=totals[0], slow=totals[1], errors=totals[2], baseline=baseline)
