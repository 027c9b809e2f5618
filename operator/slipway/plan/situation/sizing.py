"""How many pods a revision should have, and who decides that: the release, or an autoscaler."""

from __future__ import annotations

from slipway.api.revision import ModelRevision
from slipway.plan.situation.observed import Autoscaler
from slipway.plan.situation.scene import Scene


def autoscaler_of(scene: Scene, revision: ModelRevision) -> Autoscaler | None:
    """The autoscaler that targets the Deployment of `revision`, no matter whose it is."""
    return next((scaler for scaler in scene.seen.autoscalers if scaler.deployment == revision.name), None)


def autoscaled(scene: Scene, revision: ModelRevision) -> bool:
    """Whether the number of its pods is an autoscaler's to decide: it has one, or is to get one."""
    return scene.seen.release.spec.server.autoscaling is not None or autoscaler_of(scene, revision) is not None


def size(scene: Scene) -> int:
    """How many pods it takes to serve production: as many as it has, where an autoscaler chose that number."""
    live, spec = scene.live, scene.seen.release.spec.server
    current = scene.seen.deployments.get(live.name) if live else None
    if live is not None and current is not None and current.replicas > 0 and autoscaled(scene, live):
        return current.replicas
    if spec.autoscaling is not None:
        return min(max(spec.replicas, spec.autoscaling.min_replicas), spec.autoscaling.max_replicas)
    return spec.replicas


def size_of(scene: Scene, revision: ModelRevision) -> int | None:
    """How many pods `revision` should be given now; None: as many as it has, whoever chose that.

    Beside an autoscaled production nothing is made smaller: production may grow again at any time.
    """
    current, wanted = scene.seen.deployments.get(revision.name), size(scene)
    if current is None or current.replicas == 0:
        return wanted
    if revision is scene.live:
        return None if autoscaled(scene, revision) else wanted
    if autoscaler_of(scene, revision) is not None:
        return None
    chosen = scene.live is not None and autoscaled(scene, scene.live)
    return None if chosen and current.replicas >= wanted else wanted
