"""The few shapes that plans have in common: moving a revision to another phase, waiting, stalling."""

from __future__ import annotations

from typing import Any

from slipway.api.revision import ModelRevision, Phase, RevisionStatus, Timing
from slipway.plan.actions import NOW, Decision, Plan, WriteRevision
from slipway.plan.phases import OUTCOMES
from slipway.plan.scene import Scene
from slipway.times import elapsed, stamp

REASONS_OF_THEIR_OWN = {Phase.REJECTED, Phase.INCONCLUSIVE, Phase.SUPERSEDED, Phase.ABORTED, Phase.ROLLED_BACK}
WARNINGS = {Phase.REJECTED, Phase.INCONCLUSIVE, Phase.ROLLED_BACK}


def move(scene: Scene, revision: ModelRevision, phase: Phase, why: tuple[str, str], **changes: Any) -> Plan:
    """Move `revision` to `phase`; `why` is the reason in one word and in one sentence."""
    reason, message = why
    at = stamp(scene.now)
    status = revision.status
    left = next((elapsed(t.started_at, scene.now) for t in status.timings if t.ended_at is None), None)
    timings = tuple(t if t.ended_at else t.model_copy(update={"ended_at": at}) for t in status.timings)
    if phase not in REASONS_OF_THEIR_OWN:
        timings = (*timings, Timing(phase=phase, started_at=at))
    updates = {"phase": phase, "reason": reason, "message": message, "timings": timings[-32:], **changes}
    if phase in OUTCOMES:
        updates["outcome"] = OUTCOMES[phase]
    decision = Decision(
        action=reason,
        revision=revision.name,
        message=message,
        actor=revision.spec.intake.actor if phase in (Phase.FETCHING, Phase.PENDING) else "slipway",
        warning=phase in WARNINGS,
        details={
            "from": status.phase.value,
            "to": phase.value,
            "version": revision.spec.model.version,
            "seconds": None if left is None else round(left, 3),
        },
    )
    return Plan(write(revision, status.model_copy(update=updates)), decision=decision, again=NOW)


def note(revision: ModelRevision, **changes: Any) -> Plan:
    """Record evidence on `revision` without moving it."""
    return Plan(write(revision, revision.status.model_copy(update=changes)), again=NOW)


def write(revision: ModelRevision, status: RevisionStatus) -> WriteRevision:
    """The write that replaces the status that was read."""
    return WriteRevision(revision.name, revision.metadata.resource_version, status)


def wait(message: str, seconds: float) -> Plan:
    """Nothing to do now; look again after `seconds` at the latest."""
    return Plan(waiting=message, again=seconds)


def stall(reason: str, message: str) -> Plan:
    """Nothing goes on until a human acts. Looked at again on the next change or resync."""
    return Plan(stalled=(reason, message))
