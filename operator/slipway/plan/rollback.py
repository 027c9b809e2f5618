"""Production goes back: because a person asked, or because the live revision disappoints. No gate, no pod start."""

from __future__ import annotations

from slipway import names
from slipway.actors import Part
from slipway.api.outbox import Outcome
from slipway.api.policy import Rollback
from slipway.api.release_status import RollbackState, RollbackTrigger
from slipway.api.revision import ModelRevision, Phase
from slipway.plan.actions import Apply, Decision, Flip, Plan
from slipway.plan.moves import stall, wait
from slipway.plan.phases import SERVING
from slipway.plan.scene import Scene, digest_of
from slipway.plan.trouble import trouble
from slipway.render.deployment import deployment
from slipway.times import stamp

ONCE_SERVED = frozenset({Phase.RETIRED, Phase.ROLLED_BACK, *SERVING})
POLL_SECONDS = 1.0
ROLLBACK = "Rollback"


def requested(scene: Scene) -> Plan | None:
    """Carry out spec.rollback, once per request: the target is chosen when the request is first seen."""
    request, state = scene.seen.release.spec.rollback, scene.seen.release.status.rollback
    if request is None:
        return _lifted(scene, state)
    identity = digest_of(request.wire())
    if state is not None and state.request == identity and state.trigger is RollbackTrigger.USER:
        return _drive(scene, state)
    target = _target(scene, request)
    if target is None:
        return stall(
            "NoRollbackTarget",
            f"spec.rollback names {request.to or 'version ' + str(request.version)}, and no such revision has served "
            "production; see kubectl get mrev",
        )
    reason = request.reason or "asked for in spec.rollback"
    return _begin(scene, target, _state(scene, identity, RollbackTrigger.USER, target, reason))


def _lifted(scene: Scene, state: RollbackState | None) -> Plan | None:
    """spec.rollback is gone: the same request may come again later, and one that was not carried out is dropped."""
    if state is None or state.trigger is not RollbackTrigger.USER or not state.request:
        return None
    if state.completed_at is None and scene.live is not None and scene.live.name == state.to:
        return None  # production has moved already; that is written down first
    if state.completed_at is None:
        return _dropped(
            scene, state, "spec.rollback was taken out before production had moved", scene.who(Part.ROLLBACK)
        )
    kept = state.model_copy(update={"request": ""})
    return Plan(facts=scene.seen.release.status.model_copy(update={"rollback": kept}), again=0.0)


def _dropped(scene: Scene, state: RollbackState, why: str, by: str) -> Plan:
    """A rollback that was decided is not carried out, because of what `by` did."""
    decision = Decision(
        action="RollbackDropped",
        revision=state.to,
        message=why,
        actor=by,
        details={"from": state.from_revision, "to": state.to, "trigger": state.trigger.value},
        effect=ROLLBACK,
        outcome=Outcome.DROPPED,
    )
    return Plan(decision=decision, facts=scene.seen.release.status.model_copy(update={"rollback": None}), again=0.0)


def automatic(scene: Scene) -> Plan | None:
    """Take a disappointing live revision back where a ready previous one exists. Never rolls back a rollback."""
    state, live = scene.seen.release.status.rollback, scene.live
    if state is not None and state.trigger is not RollbackTrigger.USER and state.completed_at is None:
        return _drive(scene, state)
    if live is None or live.status.phase not in SERVING or (state is not None and state.to == live.name):
        return None
    why, target = trouble(scene, live), scene.previous
    if why is None or target is None or scene.ready_pods(target) == 0:
        return None
    trigger, sentence = why
    return _begin(scene, target, _state(scene, live.name, trigger, target, sentence))


def _target(scene: Scene, request: Rollback) -> ModelRevision | None:
    """The newest revision that the request names and that has served production."""
    if request.to == "previous":
        return scene.previous
    served = [r for r in scene.seen.revisions if r.status.phase in ONCE_SERVED]
    named = [r for r in served if r.name == request.to or r.spec.model.version == request.version]
    return named[-1] if named else None


def _state(scene: Scene, request: str, trigger: RollbackTrigger, target: ModelRevision, reason: str) -> RollbackState:
    source = scene.live or (scene.lost[-1] if scene.lost else target)
    return RollbackState(
        request=request,
        trigger=trigger,
        to=target.name,
        from_revision=source.name,
        reason=reason,
        actor=scene.who(Part.ROLLBACK) if trigger is RollbackTrigger.USER else f"rule:{trigger.value}",
        retry=scene.seen.release.spec.retry or "",
        requested_at=stamp(scene.now),
        completed_at=stamp(scene.now) if target is scene.live else None,
    )


def _begin(scene: Scene, target: ModelRevision, state: RollbackState) -> Plan:
    """The intent becomes durable in the same pass, before the effect: status is written first."""
    unfinished = scene.seen.release.status.rollback
    if unfinished is not None and unfinished.completed_at is None:
        return _dropped(scene, unfinished, f"another rollback takes its place: {state.reason}", state.actor)
    moves_production = target is not scene.live
    facts = scene.seen.release.status.model_copy(update={"rollback": state})
    decision = Decision(
        action="RollbackRequested",
        revision=target.name,
        message=f"rolling back from {state.from_revision} to {target.name}: {state.reason}",
        actor=state.actor,
        warning=state.trigger is not RollbackTrigger.USER,
        details={"from": state.from_revision, "to": target.name, "trigger": state.trigger.value},
        effect=ROLLBACK if moves_production else None,
        outcome=Outcome.INTENDED if moves_production else Outcome.DECIDED,
    )
    action = flip(scene, target) if can_serve(scene, target) and moves_production else None
    return Plan(action, decision, facts, again=0.0)


def _drive(scene: Scene, state: RollbackState) -> Plan | None:
    """Bring the target up where it is cold, then flip."""
    target = scene.seen.revision(state.to)
    if state.completed_at is not None:
        return None
    if target is None:
        return stall("RollbackTargetGone", f"revision {state.to} no longer exists; name another one in spec.rollback")
    if target is scene.live:
        return None
    if can_serve(scene, target):
        return Plan(flip(scene, target), again=0.0)
    return warm_up(scene, target) or wait(f"waiting for the pods of {target.name} before rolling back", POLL_SECONDS)


def can_serve(scene: Scene, target: ModelRevision) -> bool:
    """All its pods are ready; or one is, and production has none."""
    live_ready = scene.ready_pods(scene.live) if scene.live else 0
    return scene.warm(target) or (live_ready == 0 and scene.ready_pods(target) > 0)


def warm_up(scene: Scene, target: ModelRevision) -> Plan | None:
    """Scale `target` up where it is smaller than the release asks."""
    registry = scene.seen.settings.registries.get(target.spec.model.registry)
    wanted, current = scene.seen.release.spec.server.replicas, scene.seen.deployments.get(target.name)
    if registry is None or (current is not None and current.replicas >= wanted):
        return None
    return Plan(Apply(deployment(target, registry, wanted)), again=POLL_SECONDS)


def flip(scene: Scene, target: ModelRevision) -> Flip:
    """Point production at `target`, if the Service is still as it was read."""
    service = scene.seen.production
    if service is None:
        raise ValueError("a flip needs a production Service; the first promotion creates it")
    return Flip(service.name, service.resource_version, dict(service.selector), names.selector(scene.name, target.name))
