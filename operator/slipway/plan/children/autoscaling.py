"""The release's own autoscaler: one, on the revision that production serves. Elsewhere there is no load to scale by."""

from __future__ import annotations

from slipway.plan.situation.phases import SERVING
from slipway.plan.situation.scene import Scene
from slipway.plan.situation.sizing import autoscaler_of
from slipway.plan.writing.actions import Apply, Delete, Plan
from slipway.render.autoscaler import autoscaler
from slipway.render.drift import differs


def autoscale(scene: Scene) -> Plan | None:
    """Make, mend or remove it. An autoscaler of somebody else on the same Deployment is left in charge alone."""
    live, wanted = scene.live, scene.seen.release.spec.server.autoscaling
    serving = live is not None and live.status.phase in SERVING
    for scaler in scene.seen.autoscalers:
        superfluous = wanted is None or (serving and live is not None and scaler.deployment != live.name)
        if scaler.ours and superfluous:
            return Plan(Delete("HorizontalPodAutoscaler", scaler.name, scaler.uid), again=0.0)
    if live is None or not serving or wanted is None or live.name not in scene.seen.deployments:
        return None
    current, rendered = autoscaler_of(scene, live), autoscaler(live, wanted)
    if current is None or (current.ours and differs(rendered["spec"], current.manifest.get("spec"))):
        return Plan(Apply(rendered), again=0.0)
    return None
