"""First step of a plan: write down what production is seen to serve. The selector is the truth."""

from __future__ import annotations

from slipway.api.outbox import Outcome
from slipway.api.release_status import RollbackState, RollbackTrigger
from slipway.api.revision import ModelRevision, Phase
from slipway.plan.actions import NOW, Decision, Plan
from slipway.plan.moves import move, stall
from slipway.plan.observed import Service
from slipway.plan.phases import SERVING
from slipway.plan.scene import Scene
from slipway.times import elapsed, stamp


def settle(scene: Scene) -> Plan | None:
    """Bring the revisions' phases in line with the observed selector, one revision a pass."""
    live, rollback = scene.live, scene.seen.release.status.rollback
    if live is None:
        return None
    if live.status.phase is Phase.PROMOTING:
        why = ("Flipped", f"production serves {live.name} (version {live.spec.model.version})")
        return move(scene, live, Phase.WATCHING, why, flipped_at=stamp(scene.now))
    back = rollback is not None and rollback.to == live.name and rollback.completed_at is None
    if rollback and back and live.status.phase in (Phase.RETIRED, Phase.ROLLED_BACK):
        why = ("RestoredByRollback", f"production was rolled back to {live.name}")
        return move(scene, live, Phase.LIVE, why, by=rollback.actor, replaced_at=None)
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
        return move(scene, lost, Phase.ROLLED_BACK, why, by=rollback.actor, replaced_at=at)
    return move(scene, lost, Phase.RETIRED, ("Replaced", f"production now serves {live.name}"), replaced_at=at)


def _completed(scene: Scene, rollback: RollbackState) -> Plan:
    done = rollback.model_copy(update={"completed_at": stamp(scene.now)})
    took = elapsed(rollback.requested_at, scene.now)
    decision = Decision(
        action="RolledBack",
        revision=rollback.to,
        message=f"production is back from {rollback.from_revision} to {rollback.to} in {took:.2f} s: {rollback.reason}",
        actor=rollback.actor,
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
    service = scene.seen.production
    if service is None:
        return None
    if service.release != scene.name:
        return _taken(service)
    if scene.live is not None and scene.live.status.phase in SERVING:
        return None
    last = scene.seen.release.status.live
    return stall(
        "SelectorEdited",
        f"the selector of Service {service.name} points at {scene.served or 'no revision'}, which Slipway did not "
        f"choose; point it back at {last.revision if last else 'a revision'}, or set spec.rollback to a revision",
    )


def contested(scene: Scene) -> Plan | None:
    """A Service that the candidate needs belongs to somebody else: nothing of theirs is touched."""
    if scene.candidate is None:
        return None
    strangers = (service for _, service in sorted(scene.seen.services.items()) if service.release != scene.name)
    return next((_taken(service) for service in strangers), None)


def _taken(service: Service) -> Plan:
    owner = f"belongs to release {service.release}" if service.release else "does not belong to this release"
    return stall("ServiceConflict", f"Service {service.name} {owner}; rename this release or remove the Service")
