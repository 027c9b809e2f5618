"""Watching: production serves the revision; its counters are added up and judged until the watch is over.

They are judged at every look and written down seldom: raw counters only grow, so what was read since the last writing
is in the next reading too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from slipway.api.base import seconds
from slipway.api.policy import OnNoData
from slipway.api.reasons import attempts
from slipway.api.revision import Counted, ModelRevision, Phase, Watched
from slipway.gates.watch import slo
from slipway.plan.production.counting import added, renewed
from slipway.plan.situation.needs import NOTHING, Needs, Reading
from slipway.plan.situation.scene import Scene
from slipway.plan.writing.actions import Plan
from slipway.plan.writing.moves import move, note, wait
from slipway.words.times import elapsed, stamp

READ_SECONDS = 2.0
WRITE_SECONDS = 10.0
"""How often counters are written down while nothing else asks for it. A pod that restarts loses at most so much."""
NO_DATA_SECONDS = 60.0
"""After so long without a reading the source counts as lost."""
RECORD_SECONDS = 15.0
"""How often production is read while a candidate is on its way: the candidate is held against it after the flip."""
ON_ITS_WAY = frozenset({Phase.FETCHING, Phase.STAGING, Phase.GATING})


def watched(scene: Scene, live: ModelRevision) -> Watched:
    """Its counters since the flip, with what this pass has read."""
    before, read = live.status.watched or Watched(), scene.seen.counters_of(live.name)
    if not read:
        return before
    now = stamp(scene.now)
    return added(before, read).model_copy(update={"since": before.since or now, "read_at": now})


def judgement(scene: Scene, live: ModelRevision) -> slo.SloJudgement:
    """What the counters since the flip say of `live`, held against production before the flip."""
    return slo.judge(live.spec.policy.slo, watched(scene, live), reference(live))


def reference(live: ModelRevision) -> Counted | None:
    """What production answered before `live` replaced it: beside its canary, or while it was on its way."""
    canary = live.status.canary
    beside = canary.watched.production if canary else None
    known = beside or live.status.production_before
    if known is None:
        return None
    return Counted(requests=known.requests, slow=known.slow, errors=known.errors, timed=known.timed)


def silent_seconds(scene: Scene, live: ModelRevision) -> float:
    """For how long nothing could be read of `live`."""
    if scene.seen.counters_of(live.name):
        return 0.0
    known = live.status.watched
    return elapsed(known.read_at if known and known.read_at else live.status.flipped_at, scene.now)


def lost(scene: Scene, live: ModelRevision) -> bool:
    """Whether the source of its counters is lost while it is under watch."""
    length = seconds(live.spec.policy.rollout.watch)
    return live.status.phase is Phase.WATCHING and length > 0 and silent_seconds(scene, live) >= NO_DATA_SECONDS


def unreadable(scene: Scene, revision: ModelRevision) -> str:
    """That none of its counters can be read, and why where somebody was asked."""
    why = scene.seen.unread_of(revision.name)
    return f"no request counter of {revision.name} can be read{f': {why}' if why else ''}"


def watch_asks(scene: Scene) -> Needs:
    """The counters of the revision under watch."""
    live = scene.live
    if live is None or live.status.phase is not Phase.WATCHING:
        return NOTHING
    return Needs(counters=Reading(live.name, frozenset({live.name})))


def watch(scene: Scene) -> Plan | None:
    """Add up the counters of the revision under watch; end the watch when its time is over, but not blind.

    Its time begins with the first reading: what was answered before that was not watched.
    """
    live = scene.live
    if live is None or live.status.phase is not Phase.WATCHING:
        return None
    length, written = seconds(live.spec.policy.rollout.watch), _written(scene, live)
    over = _left(scene, live, length) <= 0
    if over and (length == 0 or scene.seen.counters_of(live.name)):
        return move(scene, live, Phase.LIVE, _kept(scene, live, length), watched=written)
    if not _worth_writing(scene, live, written):
        return None
    return replace(note(live, watched=written), waiting=_pending(scene, live, length))


def _kept(scene: Scene, live: ModelRevision, length: float) -> tuple[str, str]:
    """Why the watch ends well, or at least ends."""
    judged, subject = judgement(scene, live), f"{live.name} (version {live.spec.model.version})"
    if length == 0:
        return attempts.PROMOTED, f"{subject} serves; spec.rollout.watch is 0, so it was not watched"
    if judged.state is slo.SloState.BREACH:
        return (
            attempts.PROMOTED_IN_BREACH,
            f"{subject} serves although {judged.message}: there was no revision to go back to",
        )
    if judged.state is slo.SloState.EVERYTHING_BAD:
        return attempts.PROMOTED_AMONG_TROUBLE, f"{subject} was watched for {length:g} s: {judged.message}"
    if judged.state is slo.SloState.NO_DATA:
        return attempts.PROMOTED, f"{subject} was watched for {length:g} s; it received no requests"
    return attempts.PROMOTED, f"{subject} kept {judged.kept} for {length:g} s ({judged.message})"


def _written(scene: Scene, live: ModelRevision) -> Watched:
    judged = judgement(scene, live)
    why = scene.seen.unread_of(live.name)
    said = {"state": judged.state.value, "figures": dict(judged.figures), "unread": why[:512] if why else None}
    return watched(scene, live).model_copy(update=said)


def _worth_writing(scene: Scene, live: ModelRevision, written: Watched) -> bool:
    """Whether to write the counters down now rather than later."""
    known, read = live.status.watched, scene.seen.counters_of(live.name)
    if not read:
        return False
    if known is None or renewed(known, read) or written.state != known.state:
        return True
    return elapsed(known.read_at, scene.now) >= WRITE_SECONDS


def pause(scene: Scene) -> Plan | None:
    """Look again soon while a revision is under watch."""
    live = scene.live
    if live is None or live.status.phase is not Phase.WATCHING:
        return None
    length = seconds(live.spec.policy.rollout.watch)
    left = _left(scene, live, length)
    return wait(_pending(scene, live, length), min(READ_SECONDS, max(left, 0.1)) if left > 0 else READ_SECONDS)


def _left(scene: Scene, live: ModelRevision, length: float) -> float:
    """For how many seconds it is still to be watched."""
    since = watched(scene, live).since
    return length - elapsed(since, scene.now) if since else length


def _pending(scene: Scene, live: ModelRevision, length: float) -> str:
    if not lost(scene, live):
        return f"watching {live.name} for {length:g} s after the flip"
    after = (
        "production is rolled back"
        if live.spec.policy.rollout.on_no_data is OnNoData.ROLLBACK
        else "the watch continues"
    )
    return f"{unreadable(scene, live)}; {after} (spec.rollout.onNoData)"


def recording(scene: Scene, candidate: ModelRevision) -> bool:
    """Whether production's counters are to be read because `candidate` is about to replace it."""
    known = candidate.status.production_before
    due = known is None or elapsed(known.read_at, scene.now) >= RECORD_SECONDS
    return due and candidate.status.phase in ON_ITS_WAY


def record_asks(scene: Scene) -> Needs:
    """The live revision's counters by the candidate's objective: the candidate is held against them after the flip."""
    live, candidate = scene.live, scene.candidate
    if live is None or candidate is None or not recording(scene, candidate):
        return NOTHING
    return Needs(counters=Reading(candidate.name, frozenset({live.name})))


def record(scene: Scene) -> Plan | None:
    """Write down what production answers while the candidate is on its way."""
    live, candidate = scene.live, scene.candidate
    if live is None or candidate is None or not recording(scene, candidate):
        return None
    read, known = scene.seen.counters_of(live.name), candidate.status.production_before
    if not read:
        return None
    changes: dict[str, Any] = {"read_at": stamp(scene.now)}
    return note(candidate, production_before=added(known or Watched(), read).model_copy(update=changes))
