"""Decisions that show in the conditions alone: a release stalls, or is held."""

from __future__ import annotations

from slipway.api.actors import Actor, Part, rule, written
from slipway.api.reasons import conditions, decisions
from slipway.api.release_status import Condition, HoldReason, ReleaseStatus
from slipway.plan.situation.observed import Observed
from slipway.plan.writing.actions import Decision


def notices(seen: Observed, after: ReleaseStatus) -> tuple[Decision, ...]:
    """What the step from the status that was seen to the next says, once: a condition that stays says nothing."""
    old = {condition.type: condition for condition in seen.release.status.conditions}
    found = (_notice(seen, old.get(condition.type), condition) for condition in after.conditions)
    return tuple(decision for decision in found if decision)


def _notice(seen: Observed, before: Condition | None, after: Condition) -> Decision | None:
    was = (before.status, before.reason) if before else ("False", "")
    if was == (after.status, after.reason):
        return None
    details = {"from": was[1] or None, "to": after.reason}
    if after.type == conditions.STALLED:
        if after.status == "True":
            return Decision(decisions.STALLED, "", after.message, rule(after.reason), warning=True, details=details)
        over = f"Resolved: {was[1]}"
        return Decision(decisions.RESUMED, "", over, rule(was[1]), details=details) if was[0] == "True" else None
    if after.type == conditions.HELD:
        if after.status == "True":
            return Decision(decisions.HELD, "", after.message, _holder(seen, after.reason), details=details)
        lifter = _lifter(seen, was[1])
        return (
            Decision(decisions.HOLD_LIFTED, "", f"Resolved: {was[1]}", lifter, details=details)
            if was[0] == "True"
            else None
        )
    if after.type == conditions.SLO_HEALTHY and after.reason == conditions.COUNTERS_LOST:
        return Decision(decisions.COUNTERS_LOST, "", after.message, rule(after.reason), warning=True, details=details)
    return None


def _holder(seen: Observed, reason: str) -> Actor:
    """Who holds the release for `reason`."""
    last = seen.release.status.rollback
    if reason == HoldReason.AUTOMATIC_ROLLBACK:
        return written(last.actor) if last else rule(reason)
    return seen.actors.who(Part.PAUSED if reason == HoldReason.PAUSED else Part.ROLLBACK)


def _lifter(seen: Observed, reason: str) -> Actor:
    """Who ended the hold that stood for `reason`: by spec.retry, or by another spec.rollout.afterRollback."""
    release = seen.release
    if reason != HoldReason.AUTOMATIC_ROLLBACK:
        return _holder(seen, reason)
    last = release.status.rollback
    tried_again = last is not None and last.retry != (release.spec.retry or "")
    return seen.actors.who(Part.RETRY if tried_again else Part.SPEC)
