"""First step of a plan: write down what production is seen to serve. What traffic follows is the truth."""

from __future__ import annotations

from slipway.api.actors import written
from slipway.api.outbox import Outcome
from slipway.api.reasons import attempts, decisions, stalls
from slipway.api.release_status import RollbackState, RollbackTrigger
from slipway.api.revision import ModelRevision, Phase, Watched
from slipway.api.traffic import Router
from slipway.plan.situation.needs import NOTHING, Needs
from slipway.plan.situation.observed import Route
from slipway.plan.situation.phases import ENDED_EARLY, MAY_HAVE_WEIGHT, SERVING
from slipway.plan.situation.scene import Scene
from slipway.plan.writing.actions import NOW, Decision, Plan
from slipway.plan.writing.moves import move, stall
from slipway.words import names
from slipway.words.times import elapsed, stamp


def settle(scene: Scene) -> Plan | None:
    """Bring the revisions' phases in line with what production traffic follows, one revision a pass."""
    live, rollback = scene.live, scene.seen.release.status.rollback
    if live is None:
        return None
    if live.status.phase is Phase.PROMOTING:
        why = (attempts.FLIPPED, f"production serves {live.name} (version {live.spec.model.version})")
        return move(scene, live, Phase.WATCHING, why, flipped_at=stamp(scene.now))
    back = rollback is not None and rollback.to == live.name and rollback.completed_at is None
    if rollback and back and live.status.phase in (Phase.RETIRED, Phase.ROLLED_BACK):
        why = (attempts.RESTORED, f"production was rolled back to {live.name}")
        return move(scene, live, Phase.LIVE, why, by=written(rollback.actor), replaced_at=None)
    if live.status.phase not in SERVING:
        return None
    for lost in scene.lost:
        return _leave(scene, lost, live, rollback if back else None)
    return _completed(scene, rollback) if back and rollback else None


def _leave(scene: Scene, lost: ModelRevision, live: ModelRevision, rollback: RollbackState | None) -> Plan:
    """`lost` no longer serves: it was taken back, or a newer revision replaced it."""
    at = stamp(scene.now)
    if rollback is not None and rollback.from_revision == lost.name:
        why = (f"RolledBackBy{rollback.trigger.value}", f"production went back to {live.name}: {rollback.reason}")
        evidence = _evidence(lost, rollback)
        changes = {"replaced_at": at, "drain": None, "watched": evidence}
        return move(scene, lost, Phase.ROLLED_BACK, why, by=written(rollback.actor), **changes)
    why = (attempts.REPLACED, f"production now serves {live.name}")
    return move(scene, lost, Phase.RETIRED, why, replaced_at=at, drain=None)


def _evidence(lost: ModelRevision, rollback: RollbackState) -> Watched | None:
    """What it was taken back on, kept with the revision."""
    if not rollback.figures:
        return lost.status.watched
    decided = {"state": rollback.trigger.value, "figures": rollback.figures}
    return (lost.status.watched or Watched()).model_copy(update=decided)


def _completed(scene: Scene, rollback: RollbackState) -> Plan:
    done = rollback.model_copy(update={"completed_at": stamp(scene.now)})
    took = elapsed(rollback.requested_at, scene.now)
    decision = Decision(
        action=decisions.ROLLED_BACK,
        revision=rollback.to,
        message=f"production moved back from {rollback.from_revision} to {rollback.to} in {took:.2f} s: "
        f"{rollback.reason}",
        actor=written(rollback.actor),
        warning=rollback.trigger is not RollbackTrigger.USER,
        details={
            "from": rollback.from_revision,
            "to": rollback.to,
            "version": scene.live.spec.model.version if scene.live else None,
            "seconds": round(took, 3),
            "trigger": rollback.trigger.value,
        },
        effect="Rollback",
        outcome=Outcome.DONE,
    )
    facts = scene.seen.release.status.model_copy(update={"rollback": done})
    return Plan(facts=facts, decision=decision, again=NOW)


def misdirected(scene: Scene) -> Plan | None:
    """Production points where Slipway never pointed it: say so and leave it to the people who did."""
    service, route = scene.seen.production, scene.seen.route
    if service is not None and service.release != scene.name:
        return _taken("Service", service.name, service.release)
    if route is not None and route.release != scene.name and scene.seen.release.spec.traffic.router is Router.GATEWAY:
        return _taken("HTTPRoute", route.name, route.release)
    if service is None and scene.route is None:
        return None
    pointed = scene.live is not None and scene.live.status.phase in SERVING
    if scene.route is not None:
        return _edited_route(scene, scene.route) if not pointed or scene.route.strange or _stray(scene) else None
    if pointed or service is None:
        return None
    return stall(
        stalls.SELECTOR_EDITED,
        f"the selector of Service {service.name} points at {scene.served or 'no revision'}, which Slipway did "
        f"not set; point it back at {_last(scene)}, or set spec.rollback to a revision",
    )


def _edited_route(scene: Scene, route: Route) -> Plan:
    given = ", ".join(f"{share} % to {name}" for name, share in scene.shares.items()) or "nothing to any revision"
    return stall(
        stalls.ROUTE_EDITED,
        f"route {route.name} gives {route.strange or given}, which Slipway did not set; give all to "
        f"{_last(scene)} "
        "again, or set spec.rollback to a revision",
    )


def _stray(scene: Scene) -> bool:
    """Whether a revision has a share that no canary gave it."""
    others = (scene.seen.revision(name) for name in scene.shares if name != scene.served)
    return any(r is None or r.status.phase not in MAY_HAVE_WEIGHT | ENDED_EARLY for r in others)


def _last(scene: Scene) -> str:
    """The revision that Slipway chose last. Not status.live: that follows what production points at."""
    if scene.lost:
        return scene.lost[-1].name
    last = scene.seen.release.status.live
    return last.revision if last else "a revision"


def contested_asks(scene: Scene) -> Needs:
    """The Services that the candidate's way to production is going to make."""
    candidate = scene.candidate
    if candidate is None:
        return NOTHING
    planned = {candidate.name, names.staging_service(scene.name), names.metrics_service(scene.name)}
    return Needs(services=frozenset(planned - set(scene.seen.services)))


def contested(scene: Scene) -> Plan | None:
    """A Service that the candidate needs belongs to somebody else: nothing of theirs is touched."""
    if scene.candidate is None:
        return None
    strangers = (service for _, service in sorted(scene.seen.services.items()) if service.release != scene.name)
    return next((_taken("Service", service.name, service.release) for service in strangers), None)


def _taken(kind: str, name: str, release: str | None) -> Plan:
    owner = f"belongs to release {release}" if release else "does not belong to this release"
    reason = stalls.SERVICE_CONFLICT if kind == "Service" else stalls.ROUTE_CONFLICT
    return stall(reason, f"{kind} {name} {owner}; rename this release or remove the {kind}")
