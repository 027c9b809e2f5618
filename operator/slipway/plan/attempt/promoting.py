"""Promoting: one write moves production to exactly the pods that were tested."""

from __future__ import annotations

from slipway.api.revision import ModelRevision
from slipway.plan.attempt.canary import unfit
from slipway.plan.production.flip import flip
from slipway.plan.production.pods import sized
from slipway.plan.situation.hold import held
from slipway.plan.situation.scene import Scene
from slipway.plan.situation.sizing import size_of
from slipway.plan.writing.actions import OpenProduction, Plan
from slipway.plan.writing.moves import wait
from slipway.render import services

POLL_SECONDS = 1.0
REGISTRY_SECONDS = 5.0


def step(scene: Scene, candidate: ModelRevision) -> Plan | None:
    """Flip, if the pods are still ready and there is a way back. An outage of the registry freezes production.

    A live revision without ready pods is no way back, but nothing is lost by leaving it either: a broken production
    must not block its own repair.
    """
    broken = unfit(scene, candidate)
    if broken is not None:
        return broken
    hold = held(scene)
    if hold is not None:
        return wait(f"all gates passed; held: {hold[1]}", 60.0)
    if scene.seen.registry.problem:
        return wait("all gates passed; waiting for the registry to become reachable", REGISTRY_SECONDS)
    grown = grow(scene, candidate)
    if grown is not None:
        return grown
    if not scene.warm(candidate):
        return wait(f"waiting for the pods of {candidate.name} to be ready again", POLL_SECONDS)
    if scene.seen.production is None:
        return Plan(OpenProduction(services.production(scene.seen.release, candidate.name)), again=0.0)
    return Plan(flip(scene, candidate), again=0.0)


def grow(scene: Scene, candidate: ModelRevision) -> Plan | None:
    """Production may have been scaled up since the candidate's pods were started."""
    current, wanted = scene.seen.deployments.get(candidate.name), size_of(scene, candidate)
    if current is None or wanted is None or current.replicas >= wanted:
        return None
    return Plan(sized(scene, candidate, wanted), again=POLL_SECONDS)
