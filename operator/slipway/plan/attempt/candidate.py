"""The newest attempt: whether it should go on at all, and what its phase has to read."""

from __future__ import annotations

from collections.abc import Callable

from slipway.api.actors import UNVERIFIED, Part, written
from slipway.api.gates.specs import MetricSource
from slipway.api.reasons import attempts
from slipway.api.revision import ModelRevision, Phase
from slipway.plan.attempt import canary_look
from slipway.plan.situation.needs import NOTHING, Described, Needs, Reading
from slipway.plan.situation.phases import IN_FLIGHT
from slipway.plan.situation.scene import Scene
from slipway.plan.writing.actions import Plan
from slipway.plan.writing.moves import move

PhaseStep = Callable[[Scene, ModelRevision], Plan | None]


def in_phase(phase: Phase, step: PhaseStep) -> Callable[[Scene], Plan | None]:
    """The step of a candidate that is in `phase`; nothing to say about any other."""

    def run(scene: Scene) -> Plan | None:
        candidate = scene.candidate
        return step(scene, candidate) if candidate is not None and candidate.status.phase is phase else None

    return run


def canary_asks(scene: Scene) -> Needs:
    """The counters that a canary is judged on."""
    candidate = scene.candidate
    state = candidate.status.canary if candidate is not None else None
    if candidate is None or state is None or not canary_look.due(candidate):
        return NOTHING
    return Needs(counters=Reading(candidate.name, frozenset({candidate.name, state.against})))


def gates_ask(phase: Phase) -> Callable[[Scene], Needs]:
    """What the gates that are judged in `phase` look at."""

    def asks(scene: Scene) -> Needs:
        candidate = scene.candidate
        here = candidate is not None and candidate.status.phase is phase
        return _judged(scene, candidate) if candidate is not None and here else NOTHING

    return asks


def _judged(scene: Scene, candidate: ModelRevision) -> Needs:
    gates, live = candidate.spec.policy.gates, scene.live
    versions = {candidate.spec.model.version} | ({live.spec.model.version} if live else set())
    metrics = frozenset(gate.name for gate in gates.metrics if gate.source is MetricSource.LOGGED)
    smoke = gates.smoke if candidate.status.phase is Phase.GATING else None
    return Needs(
        versions=Described(frozenset(versions), metrics),
        policy=gates.governance.policy if gates.governance else None,
        requests=smoke.requests_from if smoke else None,
    )


def outdated(scene: Scene) -> Plan | None:
    """End an older attempt, or one that nobody wants any more; after the flip a new wish queues behind it."""
    candidate = scene.candidate
    if candidate is None:
        return None
    for older in scene.seen.revisions:
        if older.status.phase in IN_FLIGHT and older is not candidate and older is not scene.live:
            return move(scene, older, Phase.SUPERSEDED, (attempts.SUPERSEDED, f"{candidate.name} is newer"))
    return _unwanted(scene, candidate)


def _unwanted(scene: Scene, candidate: ModelRevision) -> Plan | None:
    if scene.seen.release.spec.rollback is not None:
        why = (attempts.ROLLBACK_REQUESTED, "spec.rollback holds production elsewhere")
        return move(scene, candidate, Phase.ABORTED, why, by=scene.who(Part.ROLLBACK))
    if scene.seen.registry.problem:
        return None
    desired = scene.desired
    if desired is None:
        why = (attempts.ALIAS_GONE, f"alias {candidate.spec.intake.alias} no longer points at a version")
        return move(scene, candidate, Phase.ABORTED, why, by=UNVERIFIED)
    if desired.version != candidate.spec.model.version:
        why = (attempts.ALIAS_MOVED, f"version {desired.version} is requested now")
        wanted = scene.seen.release.status.wanted
        return move(scene, candidate, Phase.SUPERSEDED, why, by=written(wanted.actor) if wanted else UNVERIFIED)
    if (desired.serving_hash, desired.policy_hash) != (candidate.spec.serving_hash, candidate.spec.policy_hash):
        why = (attempts.SPEC_CHANGED, "spec.server, gates, rollout or slo changed")
        return move(scene, candidate, Phase.SUPERSEDED, why, by=scene.who(Part.SPEC))
    return None
