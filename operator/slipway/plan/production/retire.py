"""What is left of revisions that neither serve nor are on their way."""

from __future__ import annotations

from slipway.api.actors import rule
from slipway.api.base import seconds
from slipway.api.reasons import decisions, rules
from slipway.api.release_status import RollbackTrigger
from slipway.api.revision import ModelRevision, Phase
from slipway.plan.production.draining import QUIET_SECONDS, drained, due, looked
from slipway.plan.production.pods import sized
from slipway.plan.situation.needs import NOTHING, Needs, Reading
from slipway.plan.situation.phases import ENDED_EARLY, IN_FLIGHT
from slipway.plan.situation.scene import Scene
from slipway.plan.writing.actions import Decision, Delete, Plan
from slipway.plan.writing.moves import note, record, wait
from slipway.words import names
from slipway.words.times import elapsed, stamp


def retire_asks(scene: Scene) -> Needs:
    """What the pods of a revision that is to be scaled to zero are doing this very second."""
    idle = to_look_at(scene)
    return Needs(counters=Reading(idle.name, frozenset({idle.name}), now=True)) if idle else NOTHING


def retire(scene: Scene) -> Plan | None:
    """Remove or scale down one thing that is no longer needed."""
    if scene.candidate is None and names.staging_service(scene.name) in scene.seen.services:
        service = scene.seen.services[names.staging_service(scene.name)]
        if service.release == scene.name:
            return Plan(Delete("Service", service.name, service.uid), again=0.0)
    waiting: Plan | None = None
    for revision in scene.seen.revisions:
        if revision is scene.live or revision.status.phase in IN_FLIGHT or _target(scene) == revision.name:
            continue
        if scene.share(revision) > 0:
            continue  # whoever gave it that: its pods answer people's requests
        plan = _sweep(scene, revision)
        if plan is not None and plan.action is not None:
            return plan
        waiting = waiting or plan
    return _forget(scene) or waiting


def _target(scene: Scene) -> str | None:
    """The revision that an open rollback is bringing up."""
    rollback = scene.seen.release.status.rollback
    return rollback.to if rollback and rollback.completed_at is None else None


def _sweep(scene: Scene, revision: ModelRevision) -> Plan | None:
    for job in scene.seen.jobs.values():
        if job.revision == revision.name and not job.finished:  # a finished one has the log that the evidence names
            return Plan(Delete("Job", job.name, job.uid), again=0.0)
    current = scene.seen.deployments.get(revision.name)
    if revision.status.phase in ENDED_EARLY:
        if current is not None:
            return Plan(Delete("Deployment", current.name, current.uid), again=0.0)
        service = scene.seen.services.get(revision.name)
        return Plan(Delete("Service", service.name, service.uid), again=0.0) if service else None
    return _scale_down(scene, revision) if superfluous(scene, revision) else None


def superfluous(scene: Scene, revision: ModelRevision) -> bool:
    """Whether `revision` once served, has pods, and is no way back any more."""
    current = scene.seen.deployments.get(revision.name)
    gone = revision.status.phase in (Phase.RETIRED, Phase.ROLLED_BACK) and revision is not scene.live
    running = current is not None and current.replicas > 0
    return gone and running and _target(scene) != revision.name and not keeps_warm(scene, revision)


def to_look_at(scene: Scene) -> ModelRevision | None:
    """The revision whose pods are to be asked now whether anybody still uses them."""
    late = (r for r in scene.seen.revisions if superfluous(scene, r) and due(scene, r))
    return next(late, None)


def _scale_down(scene: Scene, revision: ModelRevision) -> Plan | None:
    """To zero, once nobody uses it any more or the wait for that has been long enough."""
    if drained(scene, revision):
        return Plan(sized(scene, revision, 0), again=0.0)
    now = looked(scene, revision)
    if revision.status.drain is None or (due(scene, revision) and now.read_at is not None):
        return note(revision, drain=now)
    return wait(f"{revision.name} will be scaled to zero once no client uses it", QUIET_SECONDS)


def keeps_warm(scene: Scene, revision: ModelRevision) -> bool:
    """Whether `revision` is a way back and its window is open. While a revision is under watch it always is.

    What a person rolled back from stays warm too, as long as production is where it went back to: people change their
    minds.
    """
    last = scene.seen.release.status.rollback
    back = last is not None and scene.live is not None and last.to == scene.live.name
    undone = last is not None and last.trigger is RollbackTrigger.USER and last.from_revision == revision.name and back
    if revision is not scene.previous and not undone:
        return False
    watched = scene.live is not None and scene.live.status.phase is Phase.WATCHING
    window = seconds(scene.seen.release.spec.rollout.keep_warm)
    return watched or elapsed(revision.status.replaced_at, scene.now) < window


def warm_seconds_left(scene: Scene) -> float | None:
    """Seconds until the previous revision's window closes; None where none is open."""
    previous = scene.previous
    if previous is None or scene.ready_pods(previous) == 0:
        return None
    left = seconds(scene.seen.release.spec.rollout.keep_warm) - elapsed(previous.status.replaced_at, scene.now)
    return max(0.1, left) if left > 0 else None


def _forget(scene: Scene) -> Plan | None:
    """Delete the oldest finished revision beyond the history limit, once the audit store has its records."""
    keep = (scene.live, scene.previous, scene.candidate)
    finished = [
        r
        for r in scene.seen.revisions
        if r.status.phase not in IN_FLIGHT and not any(r is k for k in keep) and r.name != _target(scene)
    ]
    if len(finished) <= scene.seen.release.spec.revision_history_limit:
        return None
    oldest = finished[0]
    if oldest.status.expired_at is None:
        limit = scene.seen.release.spec.revision_history_limit
        why = f"{oldest.name} exceeds spec.revisionHistoryLimit ({limit}) and is deleted"
        decision = Decision(decisions.EXPIRED, oldest.name, why, rule(rules.REVISION_HISTORY_LIMIT))
        return record(oldest, decision, expired_at=stamp(scene.now))
    if oldest.status.outbox:
        return None  # its evidence goes to the audit store first
    return Plan(Delete("ModelRevision", oldest.name, oldest.metadata.uid), again=0.0)
