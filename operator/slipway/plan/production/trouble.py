"""What is wrong with the live revision, if anything."""

from __future__ import annotations

from typing import NamedTuple

from slipway.api.policy import OnNoData
from slipway.api.release_status import RollbackTrigger
from slipway.api.revision import ModelRevision, Phase
from slipway.gates.watch import slo
from slipway.plan.production.watching import NO_DATA_SECONDS, judgement, lost
from slipway.plan.situation.scene import Scene

CRASHES = 3
"""Restarts of one pod inside the watch that count as a crash loop."""


class Trouble(NamedTuple):
    """Why production should leave a revision."""

    trigger: RollbackTrigger
    message: str
    figures: dict[str, float]


def trouble(scene: Scene, live: ModelRevision) -> Trouble | None:
    """Why production should leave `live`; None while it does well, or no worse than production did before it."""
    if scene.ready_pods(live) == 0:
        return Trouble(RollbackTrigger.PODS_UNREADY, f"{live.name} has no ready pod", {})
    if live.status.phase is not Phase.WATCHING:
        return None
    looping = crashing(scene, live)
    if looping:
        return Trouble(RollbackTrigger.PODS_UNREADY, looping, {})
    judged = judgement(scene, live)
    if judged.state is slo.SloState.BREACH:
        return Trouble(RollbackTrigger.SLO_BREACH, f"{live.name}: {judged.message}", dict(judged.figures))
    if lost(scene, live) and live.spec.policy.rollout.on_no_data is OnNoData.ROLLBACK:
        why = scene.seen.unread_of(live.name)
        message = f"no request counter of {live.name} could be read for {NO_DATA_SECONDS:g} s"
        message += f": {why}" if why else ""
        return Trouble(RollbackTrigger.NO_DATA, message, dict(judged.figures))
    return None


def crashing(scene: Scene, revision: ModelRevision) -> str | None:
    """Which pod of `revision` is in a crash loop, in one sentence; None while none is."""
    for pod in scene.seen.pods_of(revision.name):
        if pod.restarts >= CRASHES or pod.waiting == "CrashLoopBackOff":
            return f"pod {pod.name} of {revision.name} restarted {pod.restarts} times"
    return None
