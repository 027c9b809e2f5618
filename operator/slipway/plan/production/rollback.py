"""Production goes back: because a person asked, or because the live revision disappoints. No gate, no pod start."""

from __future__ import annotations

from collections.abc import Callable

from slipway.api.actors import Actor, Part, rule, written
from slipway.api.outbox import Outcome
from slipway.api.policy import Rollback
from slipway.api.reasons import decisions, stalls
from slipway.api.release import AliasConflict
from slipway.api.release_status import RollbackState, RollbackTrigger
from slipway.api.revision import ModelRevision, Phase
from slipway.plan.production.flip import flip
from slipway.plan.production.pods import sized
from slipway.plan.production.trouble import trouble
from slipway.plan.registry.announce import contradicted, pointed
from slipway.plan.situation.phases import SERVING
from slipway.plan.situation.scene import Scene
from slipway.plan.situation.sizing import size_of
from slipway.plan.writing.actions import Decision, Plan
from slipway.plan.writing.moves import stall, wait
from slipway.words.canonical import digest_of
from slipway.words.times import elapsed, stamp

ONCE_SERVED = frozenset({Phase.RETIRED, Phase.ROLLED_BACK, *SERVING})
POLL_SECONDS = 1.0
ROLLBACK = "Rollback"
PATIENCE_SECONDS = 15.0
"""How long a rollback waits for the last pods of its target."""


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
            stalls.NO_ROLLBACK_TARGET,
            f"spec.rollback names {request.to or 'version ' + str(request.version)}, and no such revision has "
            "served "
            "production; see kubectl get mrev",
        )
    reason = request.reason or "requested in spec.rollback"
    return _begin(scene, target, _state(scene, identity, RollbackTrigger.USER, target, reason))


def _lifted(scene: Scene, state: RollbackState | None) -> Plan | None:
    """spec.rollback is gone: the same request may come again later, and one that was not carried out is dropped."""
    if state is None or state.trigger is not RollbackTrigger.USER or not state.request:
        return None
    if state.completed_at is None and scene.live is not None and scene.live.name == state.to:
        return None  # production has moved already; that is written down first
    if state.completed_at is None:
        return _dropped(scene, state, "spec.rollback was removed before production had moved", scene.who(Part.ROLLBACK))
    kept = state.model_copy(update={"request": ""})
    return Plan(facts=scene.seen.release.status.model_copy(update={"rollback": kept}), again=0.0)


def _dropped(scene: Scene, state: RollbackState, why: str, by: Actor) -> Plan:
    """A rollback that was decided is not carried out, because of what `by` did."""
    decision = Decision(
        action=decisions.ROLLBACK_DROPPED,
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
    if why is None:
        return None
    if target is None or scene.ready_pods(target) == 0:
        return Plan(
            waiting=f"{live.name} should be rolled back ({why.trigger.value}), but no earlier one is ready: it stays"
        )
    state = _state(scene, live.name, why.trigger, target, why.message)
    return _begin(scene, target, state.model_copy(update={"figures": why.figures}))


def followed(scene: Scene) -> Plan | None:
    """Somebody moved the production alias to a version that production served before, and the release follows it."""
    edit, live, model = scene.seen.release.status.alias_edit, scene.live, scene.seen.release.spec.model
    if model.alias_conflict is not AliasConflict.FOLLOW or edit is None or edit.agreed_since or live is None:
        return None
    if contradicted(scene) is None or pointed(scene) != edit.version or scene.seen.release.spec.rollback is not None:
        return None
    target = _served(scene, lambda revision: revision.spec.model.version == edit.version)
    if target is None:
        return None
    reason = f"alias {model.production_alias} was moved to version {edit.version}"
    return _begin(scene, target, _state(scene, live.name, RollbackTrigger.ALIAS_MOVED, target, reason))


def _target(scene: Scene, request: Rollback) -> ModelRevision | None:
    """The newest revision that the request names and that has served production."""
    if request.to == "previous":
        return scene.previous
    return _served(scene, lambda r: r.name == request.to or r.spec.model.version == request.version)


def _served(scene: Scene, wanted: Callable[[ModelRevision], bool]) -> ModelRevision | None:
    """The newest of the `wanted` revisions that has served production."""
    named = [r for r in scene.seen.revisions if r.status.phase in ONCE_SERVED and wanted(r)]
    return named[-1] if named else None


def _state(scene: Scene, request: str, trigger: RollbackTrigger, target: ModelRevision, reason: str) -> RollbackState:
    source = scene.live or (scene.lost[-1] if scene.lost else target)
    return RollbackState(
        request=request,
        trigger=trigger,
        to=target.name,
        from_revision=source.name,
        reason=reason,
        actor=scene.who(Part.ROLLBACK) if trigger is RollbackTrigger.USER else rule(trigger.value),
        retry=scene.seen.release.spec.retry or "",
        requested_at=stamp(scene.now),
        completed_at=stamp(scene.now) if target is scene.live else None,
    )


def _begin(scene: Scene, target: ModelRevision, state: RollbackState) -> Plan:
    """The intent becomes durable in the same pass, before the effect: status is written first."""
    unfinished = scene.seen.release.status.rollback
    if unfinished is not None and unfinished.completed_at is None:
        return _dropped(scene, unfinished, f"replaced by another rollback: {state.reason}", written(state.actor))
    moves_production = target is not scene.live
    facts = scene.seen.release.status.model_copy(update={"rollback": state})
    figured = {"figures": state.figures} if state.figures else {}
    decision = Decision(
        action=decisions.ROLLBACK_REQUESTED,
        revision=target.name,
        message=f"rolling back from {state.from_revision} to {target.name}: {state.reason}",
        actor=written(state.actor),
        warning=state.trigger is not RollbackTrigger.USER,
        details={"from": state.from_revision, "to": target.name, "trigger": state.trigger.value, **figured},
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
        return stall(
            stalls.ROLLBACK_TARGET_GONE, f"revision {state.to} no longer exists; name another one in spec.rollback"
        )
    if target is scene.live:
        return None
    if can_serve(scene, target) or _good_enough(scene, target, state):
        return Plan(flip(scene, target), again=0.0)
    return warm_up(scene, target) or wait(f"waiting for the pods of {target.name} before rolling back", POLL_SECONDS)


def under_way(scene: Scene) -> bool:
    """Whether production is being taken back, or is about to be."""
    request, state = scene.seen.release.spec.rollback, scene.seen.release.status.rollback
    if request is None:
        return state is not None and state.trigger is not RollbackTrigger.USER and state.completed_at is None
    if state is not None and state.request == digest_of(request.wire()):
        return state.completed_at is None
    return _target(scene, request) is not None


def imminent(scene: Scene) -> bool:
    """Whether production is going to be taken back in this very pass: its target is known and ready.

    All that this needs to know is the release, its revisions and their Deployments, and what traffic follows.
    """
    request, state = scene.seen.release.spec.rollback, scene.seen.release.status.rollback
    if not under_way(scene):
        return False
    decided = state is not None and (request is None or state.request == digest_of(request.wire()))
    target = scene.seen.revision(state.to) if decided and state else _target(scene, request) if request else None
    return target is not None and target is not scene.live and can_serve(scene, target)


def can_serve(scene: Scene, target: ModelRevision) -> bool:
    """All its pods are ready; or one is, and production has none."""
    live_ready = scene.ready_pods(scene.live) if scene.live else 0
    return scene.warm(target) or (live_ready == 0 and scene.ready_pods(target) > 0)


def _good_enough(scene: Scene, target: ModelRevision, state: RollbackState) -> bool:
    """Half of its pods are ready, and the others had their time: a pod without a node holds no rollback up."""
    current = scene.seen.deployments.get(target.name)
    patient = elapsed(state.requested_at, scene.now) < PATIENCE_SECONDS
    return current is not None and not patient and current.available > 0 and 2 * current.available >= current.replicas


def warm_up(scene: Scene, target: ModelRevision) -> Plan | None:
    """Scale `target` up where it is smaller than production needs to be."""
    wanted, current = size_of(scene, target), scene.seen.deployments.get(target.name)
    if wanted is None or (current is not None and current.replicas >= wanted):
        return None
    action = sized(scene, target, wanted)
    return Plan(action, again=POLL_SECONDS) if action else None
