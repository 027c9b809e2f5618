"""What stands beside production: the metrics Service, the disruption budget, the live Deployment's size."""

from __future__ import annotations

from slipway import names
from slipway.api.outbox import Outcome
from slipway.plan.actions import Apply, OpenProduction, Plan
from slipway.plan.intents import REOPEN, ended, intend, intended
from slipway.plan.phases import SERVING
from slipway.plan.scene import Scene
from slipway.render import services
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
    for revision in (live, scene.previous):
        current = seen.deployments.get(revision.name) if revision else None
        registry = seen.settings.registries.get(live.spec.model.registry)
        wanted = seen.release.spec.server.replicas
        missing = revision is live and current is None
        resized = current is not None and current.replicas not in (0, wanted)
        if revision and registry and (missing or resized or (revision is live and current and current.replicas == 0)):
            return Plan(Apply(deployment(revision, registry, wanted)), again=1.0)
    return None


def reopened(scene: Scene) -> Plan | None:
    """The production Service was deleted: make it again, pointing at what it pointed at."""
    last, reopening = scene.seen.release.status.live, intended(scene, REOPEN)
    if scene.seen.production is not None:
        return _reopened(scene, reopening) if reopening else None
    revision = scene.seen.revision(last.revision) if last else None
    if revision is None or scene.ready_pods(revision) == 0:
        return None
    action = OpenProduction(services.production(scene.seen.release, revision.name))
    if reopening:
        return Plan(action, again=0.0)
    why = f"Service {scene.name} was deleted; it is made again and points at {revision.name}"
    return intend(scene, REOPEN, revision.name, action, (revision.name, why))


def _reopened(scene: Scene, revision: str) -> Plan:
    """There is a production Service again: ours, or one that somebody else made."""
    if scene.served == revision:
        why = f"Service {scene.name} is there again and points at {revision}"
        return ended(scene, REOPEN, Outcome.DONE, (revision, why))
    return ended(scene, REOPEN, Outcome.DROPPED, (revision, f"somebody else made Service {scene.name} meanwhile"))
