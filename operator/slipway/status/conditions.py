"""Pure: the conditions of a release, one short function each. Ready means that production serves a good revision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from slipway.api.reasons import conditions as known
from slipway.api.release_status import Condition
from slipway.api.revision import Phase
from slipway.api.traffic import Router
from slipway.gates.watch import slo
from slipway.plan.production.watching import lost, reference, unreadable
from slipway.plan.registry.alias import consequence
from slipway.plan.registry.announce import contradicted
from slipway.plan.situation.hold import held
from slipway.plan.situation.phases import IN_FLIGHT, SERVING
from slipway.plan.situation.scene import Scene
from slipway.plan.writing.actions import Plan
from slipway.words.times import stamp

ConditionStatus = Literal["True", "False", "Unknown"]


_SLO_SAYS: dict[slo.SloState, tuple[ConditionStatus, str]] = {
    slo.SloState.HEALTHY: ("True", known.WITHIN_OBJECTIVES),
    slo.SloState.NO_DATA: ("Unknown", known.NO_REQUESTS),
    slo.SloState.LATENCY_NOT_JUDGED: ("Unknown", known.LATENCY_NOT_JUDGED),
}
"""Status and reason of SLOHealthy; every other state is False, by its own name."""


class Judgement(NamedTuple):
    """What a condition is judged on."""

    scene: Scene
    plan: Plan


class Judged(NamedTuple):
    """A condition without its bookkeeping."""

    status: ConditionStatus
    reason: str
    message: str = ""


def conditions(scene: Scene, plan: Plan, before: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """All conditions; the transition time moves only when the status does."""
    old = {condition.type: condition for condition in before}
    result = []
    for type_, judge in _JUDGES.items():
        judged = judge(Judgement(scene, plan))
        if judged is None:
            continue
        last = old.get(type_)
        since = last.last_transition_time if last and last.status == judged.status else stamp(scene.now)
        result.append(
            Condition(
                type=type_,
                status=judged.status,
                reason=judged.reason,
                message=judged.message[:1024],
                last_transition_time=since,
                observed_generation=scene.seen.release.metadata.generation,
            )
        )
    return tuple(result)


def _ready(look: Judgement) -> Judged:
    if look.scene.live is None:
        reason = look.plan.stalled[0] if look.plan.stalled else known.NOTHING_SERVED
        return Judged("False", reason, "production does not serve a revision of this release")
    if look.scene.ready_pods(look.scene.live) == 0:
        return Judged("False", known.PODS_UNREADY, f"{look.scene.live.name} has no ready pod")
    return Judged(
        "True", known.SERVING, f"production serves {look.scene.live.name}, version {look.scene.live.spec.model.version}"
    )


def _reconciling(look: Judgement) -> Judged:
    rollback = look.scene.seen.release.status.rollback
    if rollback is not None and rollback.completed_at is None:
        return Judged("True", known.ROLLING_BACK, f"going back to {rollback.to}")
    if look.scene.flying is not None:
        return Judged("True", look.scene.flying.status.phase.value, f"{look.scene.flying.name} is in progress")
    if look.scene.live is not None and look.scene.live.status.phase is Phase.WATCHING:
        return Judged("True", known.WATCHING, f"{look.scene.live.name} is being watched")
    return Judged("False", known.SETTLED, look.plan.waiting or "")


def _stalled(look: Judgement) -> Judged:
    return Judged("True", *look.plan.stalled) if look.plan.stalled else Judged("False", known.PROGRESSING)


def _promoted(look: Judgement) -> Judged:
    """The verdict on what is wanted now: what CI waits on."""
    newest = look.scene.seen.revisions[-1] if look.scene.seen.revisions else None
    if newest is None:
        return Judged("False", known.NOTHING_ATTEMPTED, look.plan.waiting or "")
    phase, message = newest.status.phase, f"{newest.name}: {newest.status.message or newest.status.phase.value}"
    if phase in IN_FLIGHT or phase is Phase.WATCHING:
        return Judged("False", phase.value, message)
    live = look.scene.live
    if live is None or live.status.phase not in SERVING or phase is not Phase.LIVE:
        return Judged("False", phase.value, message)
    if look.scene.wanted_version not in (None, live.spec.model.version):
        return Judged("False", known.SUPERSEDED, f"version {look.scene.wanted_version} is requested now")
    return Judged("True", known.IS_PROMOTED, message)


def _registry_reachable(look: Judgement) -> Judged:
    registry = look.scene.seen.registry
    if registry.problem:
        return Judged("False", known.UNREACHABLE, f"{registry.problem}; production is unchanged")
    if registry.model_exists is None:
        return Judged("Unknown", known.NOT_ASKED)
    problem = contradicted(look.scene)
    if problem is None:
        return Judged("True", known.LISTED)
    return Judged("True", known.ALIAS_EDITED, f"{problem}; {consequence(look.scene)}")


def _rollback_ready(look: Judgement) -> Judged:
    previous = look.scene.previous
    if previous is None:
        return Judged("False", known.NO_PREVIOUS, "there is no earlier revision to go back to")
    if look.scene.warm(previous) and look.scene.ready_pods(previous) > 0:
        return Judged("True", known.WARM, f"{previous.name} is ready to serve production again")
    return Judged("False", known.COLD, f"{previous.name} has no ready pods: a rollback has to start pods first")


def _slo_healthy(look: Judgement) -> Judged:
    """Judged on what was written down, so that the condition changes no more often than that."""
    live, candidate = look.scene.live, look.scene.candidate
    canary = candidate.status.canary if candidate else None
    if candidate is not None and canary is not None and canary.watched.state == slo.SloState.EVERYTHING_BAD:
        judged = slo.judge(candidate.spec.policy.slo, canary.watched, canary.watched.production)
        return Judged("False", judged.state.value, f"{candidate.name}: {judged.message}")
    if live is not None and lost(look.scene, live):
        why = unreadable(look.scene, live)[:900]
        return Judged("Unknown", known.COUNTERS_LOST, f"{why}; see spec.rollout.onNoData")
    if live is None or live.status.watched is None:
        return Judged("Unknown", known.NO_REQUESTS, "no request was counted since the flip")
    judged = slo.judge(live.spec.policy.slo, live.status.watched, reference(live))
    status, reason = _SLO_SAYS.get(judged.state, ("False", judged.state.value))
    unread = live.status.watched.unread
    return Judged(status, reason, f"{judged.message}, since the flip{f'; not counted: {unread}' if unread else ''}")


def _route_accepted(look: Judgement) -> Judged | None:
    """Only where a release has a route, or is to have one."""
    release, route = look.scene.seen.release, look.scene.route
    if route is None:
        wanted = release.spec.traffic.router is Router.GATEWAY
        return Judged("False", known.NO_ROUTE, "the route is created by the first promotion") if wanted else None
    gateway = release.spec.traffic.gateway
    if route.problem:
        return Judged("False", known.NOT_ACCEPTED, route.problem)
    if gateway is not None and gateway.session_affinity is not None and not route.affinity:
        said = "this cluster's HTTPRoute has no sessionPersistence (it is in the Gateway API's experimental channel)"
        return Judged("True", known.WITHOUT_SESSION_AFFINITY, f"{said}: clients do not stay with one revision")
    return Judged("True", known.ACCEPTED, f"route {route.name} is programmed")


def _schema_current(look: Judgement) -> Judged | None:
    """Only while it is not."""
    skew = look.scene.seen.skew
    return Judged("False", *skew) if skew else None


def _held(look: Judgement) -> Judged:
    hold = held(look.scene)
    return Judged("True", hold[0].value, hold[1]) if hold else Judged("False", known.NOT_HELD)


_JUDGES: dict[str, Callable[[Judgement], Judged | None]] = {
    known.READY: _ready,
    known.RECONCILING: _reconciling,
    known.STALLED: _stalled,
    known.PROMOTED: _promoted,
    known.REGISTRY_REACHABLE: _registry_reachable,
    known.ROLLBACK_READY: _rollback_ready,
    known.SLO_HEALTHY: _slo_healthy,
    known.HELD: _held,
    known.ROUTE_ACCEPTED: _route_accepted,
    known.SCHEMA_CURRENT: _schema_current,
}
