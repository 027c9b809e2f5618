"""The few shapes that plans have in common: moving a revision to another phase, waiting, stalling."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from slipway.api.actors import Actor, rule
from slipway.api.outbox import Outcome
from slipway.api.revision import ModelRevision, Phase, RevisionStatus, Timing
from slipway.plan.situation.phases import OUTCOMES
from slipway.plan.situation.scene import Scene
from slipway.plan.writing.actions import NOW, Decision, Plan, WriteRevision
from slipway.plan.writing.outbox import hashes, started
from slipway.words.times import elapsed, stamp

REASONS_OF_THEIR_OWN = {Phase.REJECTED, Phase.INCONCLUSIVE, Phase.SUPERSEDED, Phase.ABORTED, Phase.ROLLED_BACK}
WARNINGS = {Phase.REJECTED, Phase.INCONCLUSIVE, Phase.ROLLED_BACK}
JUDGED = {Phase.PROMOTING, Phase.REJECTED, Phase.INCONCLUSIVE}
"""Reached on the gates' evidence."""
FLIP = "Flip"


def move(
    scene: Scene, revision: ModelRevision, phase: Phase, why: tuple[str, str], by: Actor | None = None, **changes: Any
) -> Plan:
    """Move `revision` to `phase`; `why` is the reason in one word and in one sentence; None: decided by a rule."""
    reason, message = why
    at = stamp(scene.now)
    status = started(revision)
    left = next((elapsed(t.started_at, scene.now) for t in status.timings if t.ended_at is None), None)
    timings = tuple(t if t.ended_at else t.model_copy(update={"ended_at": at}) for t in status.timings)
    if phase not in REASONS_OF_THEIR_OWN:
        timings = (*timings, Timing(phase=phase, started_at=at))
    updates = {"phase": phase, "reason": reason, "message": message, "timings": timings[-32:], **changes}
    if phase in OUTCOMES:
        updates["outcome"] = OUTCOMES[phase]
    moved = status.model_copy(update=updates)
    effect, outcome = _effect(status.phase, phase)
    decision = Decision(
        action=reason,
        revision=revision.name,
        message=message,
        actor=by or rule(reason),
        warning=phase in WARNINGS,
        details={
            "from": status.phase.value,
            "to": phase.value,
            "version": revision.spec.model.version,
            "seconds": None if left is None else round(left, 3),
        },
        evidence=hashes(moved.gates) if phase in JUDGED else {},
        effect=effect,
        outcome=outcome,
    )
    return Plan(write(revision, moved), decision, again=NOW)


def _effect(before: Phase, after: Phase) -> tuple[str | None, Outcome]:
    """What a move says about the flip to the revision: intended on entering Promoting, done or dropped on leaving."""
    if after is Phase.PROMOTING:
        return FLIP, Outcome.INTENDED
    if before is Phase.PROMOTING:
        return FLIP, Outcome.DONE if after is Phase.WATCHING else Outcome.DROPPED
    return None, Outcome.DECIDED


def note(revision: ModelRevision, **changes: Any) -> Plan:
    """Write down something about `revision` that is no decision, without moving it."""
    return Plan(write(revision, started(revision).model_copy(update=changes)), again=NOW)


def record(revision: ModelRevision, decision: Decision, **changes: Any) -> Plan:
    """Write down `decision` and the `changes` that come with it, without moving `revision`."""
    return replace(note(revision, **changes), decision=decision)


def write(revision: ModelRevision, status: RevisionStatus) -> WriteRevision:
    """The write that replaces the status that was read."""
    return WriteRevision(revision.name, revision.metadata.resource_version, status)


def wait(message: str, seconds: float) -> Plan:
    """Nothing to do now; look again after `seconds` at the latest."""
    return Plan(waiting=message, again=seconds)


def stall(reason: str, message: str) -> Plan:
    """Nothing goes on until a human acts. Looked at again on the next change or resync."""
    return Plan(stalled=(reason, message))
