"""Decisions that show in the conditions alone: a release stalls or is held, an alias was moved by hand."""

from __future__ import annotations

from slipway.api.release_status import Condition, HoldReason, ReleaseStatus
from slipway.plan.actions import Decision


def notices(before: ReleaseStatus, after: ReleaseStatus) -> tuple[Decision, ...]:
    """What the step from one status to the next says, once: a condition that stays as it is says nothing."""
    old = {condition.type: condition for condition in before.conditions}
    found = (_notice(old.get(condition.type), condition) for condition in after.conditions)
    return tuple(decision for decision in found if decision)


def _notice(before: Condition | None, after: Condition) -> Decision | None:
    was = (before.status, before.reason) if before else ("False", "")
    if was == (after.status, after.reason):
        return None
    details = {"from": was[1] or None, "to": after.reason}
    if after.type == "Stalled":
        if after.status == "True":
            return Decision("Stalled", "", after.message, "slipway", warning=True, details=details)
        return Decision("Resumed", "", f"{was[1]} is over", "slipway", details=details) if was[0] == "True" else None
    if after.type == "Held":
        automatic = HoldReason.AUTOMATIC_ROLLBACK.value in (after.reason, was[1])
        actor = "slipway" if automatic and after.status == "True" else "unverified"
        if after.status == "True":
            return Decision("Held", "", after.message, actor, details=details)
        return Decision("HoldLifted", "", f"{was[1]} is over", actor, details=details) if was[0] == "True" else None
    if after.reason == "AliasEdited":
        return Decision("AliasEdited", "", after.message, "unverified", warning=True, details=details)
    return None
