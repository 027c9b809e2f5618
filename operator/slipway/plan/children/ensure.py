"""What stands beside production: the metrics Service, the disruption budget, monitoring, the live Deployment's size."""

from __future__ import annotations

from slipway.api.outbox import Outcome
from slipway.api.revision import ModelRevision
from slipway.plan.children.autoscaling import autoscale
from slipway.plan.production.pods import sized
from slipway.plan.production.retire import keeps_warm
from slipway.plan.situation.phases import SERVING
from slipway.plan.situation.scene import Scene
from slipway.plan.situation.sizing import size_of
from slipway.plan.writing.actions import Apply, OpenProduction, Plan
from slipway.plan.writing.intents import REOPEN, Told, ended, intend, intended
from slipway.render import services
from slipway.render.monitoring import monitors as monitoring
from slipway.words import names


def furnish(scene: Scene) -> Plan | None:
    """Make or mend one of them."""
    live, seen = scene.live, scene.seen
    if live is None or live.status.phase not in SERVING:
        return None
    if names.metrics_service(scene.name) not in seen.services:
        return Plan(Apply(services.metrics(seen.release)), again=0.0)
    if scene.name not in seen.budgets:
        return Plan(Apply(services.budget(seen.release)), again=0.0)
    return _monitoring(scene) or _pods(scene, live) or autoscale(scene)


def _pods(scene: Scene, live: ModelRevision) -> Plan | None:
    """The live revision's Deployment, and the previous one's while its window is open: there, and of the right size."""
    for revision in (live, scene.previous):
        if revision is None or (revision is not live and not keeps_warm(scene, revision)):
            continue
        current, wanted = scene.seen.deployments.get(revision.name), size_of(scene, revision)
        asleep = current is not None and current.replicas == 0 and revision is not live
        if wanted is None or asleep or (current is not None and current.replicas == wanted):
            continue
        action = sized(scene, revision, wanted)
        if action is not None:
            return Plan(action, again=1.0)
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
    last, reopening = scene.seen.release.status.live, intended(scene, REOPEN)
    if scene.seen.production is not None:
        return _reopened(scene, reopening) if reopening else None
    revision = scene.live or (scene.seen.revision(last.revision) if last else None)
    if revision is None or scene.ready_pods(revision) == 0:
        return None
    action = OpenProduction(services.production(scene.seen.release, revision.name))
    if reopening:
        return Plan(action, again=0.0)
    why = f"Service {scene.name} was deleted; recreating it to point at {revision.name}"
    return intend(scene, REOPEN, revision.name, action, Told(revision.name, why))


def _reopened(scene: Scene, revision: str) -> Plan:
    """There is a production Service again: ours, or one that somebody else made."""
    if scene.served == revision:
        why = f"Service {scene.name} was recreated and points at {revision}"
        return ended(scene, REOPEN, Outcome.DONE, Told(revision, why))
    return ended(
        scene, REOPEN, Outcome.DROPPED, Told(revision, f"someone else created Service {scene.name} in the meantime")
    )
