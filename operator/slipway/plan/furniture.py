"""What stands beside production: the metrics Service, the disruption budget, monitoring, the live Deployment's size."""

from __future__ import annotations

from slipway import names
from slipway.plan.actions import Apply, OpenProduction, Plan
from slipway.plan.phases import SERVING
from slipway.plan.scene import Scene
from slipway.render import monitoring, services
from slipway.render.deployment import deployment


def furnish(scene: Scene) -> Plan | None:
    """Make or mend one of them."""
    live, seen = scene.live, scene.seen
    if live is None or live.status.phase not in SERVING:
        return None
    if names.metrics_service(scene.name) not in seen.services:
        return Plan(Apply(services.metrics(seen.release)), again=0.0)
    if scene.name not in seen.budgets:
        return Plan(Apply(services.budget(seen.release)), again=0.0)
    unwatched = _monitoring(scene)
    if unwatched is not None:
        return unwatched
    for revision in (live, scene.previous):
        current = seen.deployments.get(revision.name) if revision else None
        registry = seen.settings.registries.get(live.spec.model.registry)
        wanted = seen.release.spec.server.replicas
        missing = revision is live and current is None
        resized = current is not None and current.replicas not in (0, wanted)
        if revision and registry and (missing or resized or (revision is live and current and current.replicas == 0)):
            return Plan(Apply(deployment(revision, registry, wanted)), again=1.0)
    return None


def _monitoring(scene: Scene) -> Plan | None:
    """Make one object for the Prometheus Operator, or bring it in step with the spec and the settings."""
    there = scene.seen.monitors
    if there is None:
        return None
    for manifest in monitoring.monitors(scene.seen.release, scene.seen.settings.monitoring):
        if there.get(manifest["kind"]) != manifest["metadata"]["annotations"][names.RENDERED_ANNOTATION]:
            return Plan(Apply(manifest), again=0.0)
    return None


def reopened(scene: Scene) -> Plan | None:
    """The production Service was deleted: make it again, pointing at what it pointed at."""
    last = scene.seen.release.status.live
    revision = scene.seen.revision(last.revision) if last else None
    if scene.seen.production is not None or revision is None or scene.ready_pods(revision) == 0:
        return None
    return Plan(OpenProduction(services.production(scene.seen.release, revision.name)), again=0.0)
