"""What is wrong with the live revision, if anything."""

from __future__ import annotations

from slipway.api.release_status import RollbackTrigger
from slipway.api.revision import ModelRevision, Phase, Watched
from slipway.gates import slo
from slipway.plan.scene import Scene

CRASHES = 3
"""Restarts of one pod inside the watch that count as a crash loop."""


def trouble(scene: Scene, live: ModelRevision) -> tuple[RollbackTrigger, str] | None:
    """Why production should leave `live`; None while it does well."""
    if scene.ready_pods(live) == 0:
        return RollbackTrigger.PODS_UNREADY, f"{live.name} has no ready pod"
    if live.status.phase is not Phase.WATCHING:
        return None
    looping = crashing(scene, live)
    if looping:
        return RollbackTrigger.PODS_UNREADY, looping
    judged = slo.judge(live.spec.policy.slo, live.status.watched or Watched())
    breach = judged.state is slo.SloState.BREACH
    return (RollbackTrigger.SLO_BREACH, f"{live.name}: {judged.message}") if breach else None


def crashing(scene: Scene, revision: ModelRevision) -> str | None:
    """Which pod of `revision` is in a crash loop, in one sentence; None while none is."""
    for pod in scene.seen.pods_of(revision.name):
        if pod.restarts >= CRASHES or pod.waiting == "CrashLoopBackOff":
            return f"pod {pod.name} of {revision.name} restarted {pod.restarts} times"
    return None
