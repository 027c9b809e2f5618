"""The flip: one write moves production traffic, and it is believed once it is seen.

What production traffic follows is the truth. Two routers move it: the selector of a Service, or the weights of a route.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from slipway.api.actors import written
from slipway.api.outbox import Outcome
from slipway.api.reasons import attempts, decisions
from slipway.api.release_status import RollbackState, RollbackTrigger
from slipway.api.revision import ModelRevision, Phase, Watched
from slipway.plan.situation.observed import Route, Service
from slipway.plan.situation.phases import SERVING
from slipway.plan.situation.scene import Scene
from slipway.plan.writing.actions import NOW, Decision, Plan, Shift
from slipway.plan.writing.moves import move
from slipway.render.route import backends
from slipway.words import names
from slipway.words.times import elapsed, stamp


class TrafficRouter(Protocol):
    """Gives revisions their shares of production traffic."""

    def shift(self, shares: Mapping[str, int]) -> Shift:
        """The write that gives each revision its share in percent, the live one first.

        It is refused if the object that traffic follows is not as it was read any more. Raises ValueError for shares
        that this router cannot give.
        """
        ...


@dataclass(frozen=True)
class ServiceRouter:
    """The selector of the production Service: all to one revision."""

    service: Service

    def shift(self, shares: Mapping[str, int]) -> Shift:
        """See Router."""
        if len(shares) != 1:
            raise ValueError(f"a Service sends everything to one revision, not {dict(shares)}")
        (revision,) = shares
        name, version = self.service.name, self.service.resource_version
        return Shift("Service", name, version, {"/spec/selector": names.selector(name, revision)}, flips=revision)


@dataclass(frozen=True)
class GatewayRouter:
    """The weights of the HTTPRoute's first rule."""

    route: Route

    def shift(self, shares: Mapping[str, int]) -> Shift:
        """See Router."""
        name, version = self.route.name, self.route.resource_version
        whole = next(iter(shares)) if len(shares) == 1 else None
        return Shift("HTTPRoute", name, version, {"/spec/rules/0/backendRefs": backends(shares)}, flips=whole)


def router(scene: Scene) -> TrafficRouter:
    """The router of what production traffic follows now. Raises ValueError where there is nothing yet."""
    if scene.route is not None:
        return GatewayRouter(scene.route)
    if scene.seen.production is None:
        raise ValueError("production is not open yet; the first promotion creates its Service")
    return ServiceRouter(scene.seen.production)


def flip(scene: Scene, target: ModelRevision) -> Shift:
    """Move all of production to `target`."""
    return router(scene).shift({target.name: 100})


def split(scene: Scene, live: ModelRevision, candidate: ModelRevision, weight: int) -> Shift:
    """Give `candidate` `weight` percent of production, and `live` the rest."""
    return router(scene).shift({live.name: 100 - weight, candidate.name: weight})


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
