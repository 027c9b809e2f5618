"""Whether promotions are suspended, and why."""

from __future__ import annotations

from slipway.api.policy import AfterRollback
from slipway.api.release_status import HoldReason, RollbackTrigger
from slipway.plan.situation.scene import Scene


def held(scene: Scene) -> tuple[HoldReason, str] | None:
    """Why no promotion may start or complete now, and how to lift that; None where one may."""
    spec, last = scene.seen.release.spec, scene.seen.release.status.rollback
    if spec.rollback is not None:
        return HoldReason.ROLLED_BACK, "production is held by spec.rollback; remove it to allow promotions again"
    if spec.paused:
        return HoldReason.PAUSED, "spec.paused is true; set it to false to allow promotions again"
    automatic = last is not None and last.trigger is not RollbackTrigger.USER
    if automatic and last and last.retry == (spec.retry or "") and spec.rollout.after_rollback is AfterRollback.HOLD:
        return (
            HoldReason.AUTOMATIC_ROLLBACK,
            f"{last.from_revision} was rolled back ({last.reason}); change spec.retry to allow promotions again",
        )
    return None
