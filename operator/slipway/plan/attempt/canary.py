"""Canary: the candidate gets a share of production traffic, step by step, and earns the next one by evidence.

Every look asks in this order: is the attempt still wanted, do the pods live, do the counters speak against it, has the
route the step's weight, is the evidence there? Whatever ends the attempt is written down first; `route.withdraw` then
gives its share back to the live revision in one write, after a crash too.
"""

from __future__ import annotations

from slipway.api.actors import SLIPWAY
from slipway.api.base import seconds
from slipway.api.gates.verdict import Verdict
from slipway.api.policy import OnNoData
from slipway.api.reasons import attempts, decisions, stalls
from slipway.api.revision import Canary, ModelRevision, Phase
from slipway.api.traffic import Router
from slipway.gates.watch import canary as shown
from slipway.gates.watch.slo import SloState
from slipway.plan.attempt import evidence
from slipway.plan.attempt.canary_look import Look, progress
from slipway.plan.attempt.fetching import bring_up
from slipway.plan.production.flip import split
from slipway.plan.production.trouble import crashing
from slipway.plan.production.watching import NO_DATA_SECONDS, unreadable
from slipway.plan.situation.hold import held
from slipway.plan.situation.scene import Scene
from slipway.plan.writing.actions import NOW, Decision, Plan
from slipway.plan.writing.moves import move, note, record, stall, wait
from slipway.words.times import elapsed, stamp

READ_SECONDS = 2.0
POLL_SECONDS = 1.0
VERDICTS = {Phase.PROMOTING: Verdict.PASS, Phase.REJECTED: Verdict.FAIL, Phase.INCONCLUSIVE: Verdict.INCONCLUSIVE}


def begin(scene: Scene, candidate: ModelRevision, live: ModelRevision) -> Canary:
    """The state of the first step."""
    first = candidate.spec.policy.rollout.steps[0]
    return Canary(step=1, weight=first.weight, against=live.name, entered_at=stamp(scene.now))


def step(scene: Scene, candidate: ModelRevision) -> Plan | None:
    """One look at a candidate that has, or is about to get, a share of production traffic."""
    state = candidate.status.canary
    if state is None:
        return move(
            scene, candidate, Phase.ABORTED, (attempts.CANARY_STATE_MISSING, "the canary's state was removed by hand")
        )
    look = Look(scene, candidate, state)
    return (
        _unwanted(look)
        or unfit(scene, candidate)
        or _breach(look)
        or _repair(look)
        or bring_up(scene, candidate)
        or _weigh(look)
        or _complete(look)
        or _record(look)
        or _wait(look)
    )


def unfit(scene: Scene, candidate: ModelRevision) -> Plan | None:
    """End the attempt where its pods do not live while they have a share of production."""
    if scene.share(candidate) == 0:
        return None
    if scene.ready_pods(candidate) == 0:
        why = f"{candidate.name} has no ready pod while it has {scene.share(candidate)} % of production traffic"
        return move(scene, candidate, Phase.REJECTED, (attempts.PODS_UNREADY, why))
    looping = crashing(scene, candidate)
    return move(scene, candidate, Phase.REJECTED, (attempts.CRASH_LOOP, looping)) if looping else None


def _unwanted(look: Look) -> Plan | None:
    """What this canary was about is no more: another revision serves, or another router moves traffic."""
    live, against = look.scene.live, look.known.against
    if live is not None and live.name != against:
        message = f"production serves {live.name} now; this canary was compared with {against}"
        return move(look.scene, look.candidate, Phase.ABORTED, (attempts.PRODUCTION_CHANGED, message))
    if look.scene.seen.release.spec.traffic.router is not Router.GATEWAY:
        message = "spec.traffic.router is now Service, which cannot split traffic by weight"
        return move(look.scene, look.candidate, Phase.SUPERSEDED, (attempts.ROUTER_CHANGED, message))
    return None


def _breach(look: Look) -> Plan | None:
    if look.judgement.state is not SloState.BREACH:
        return None
    return _end(look, Phase.REJECTED, (attempts.SLO_BREACH, look.judgement.message))


def _end(look: Look, phase: Phase, why: tuple[str, str]) -> Plan:
    """Move to `phase` with the canary's figures as evidence beside those of the gates."""
    scene, candidate = look.scene, look.candidate
    began = next((t.started_at for t in candidate.status.timings if t.phase is Phase.CANARY), None)
    figures = shown.result(VERDICTS[phase], why[1], look.judgement, look.state)
    timed = figures.model_copy(update={"started_at": began, "duration_seconds": elapsed(began, scene.now)})
    gates = evidence.merged(candidate.status.gates, [evidence.stamped(scene, candidate, timed)])
    return move(scene, candidate, phase, why, gates=gates, canary=look.state)


def _repair(look: Look) -> Plan | None:
    """A production without a ready pod is not protected by going slowly: what passed its gates takes over."""
    scene, live = look.scene, look.scene.live
    if live is None or scene.ready_pods(live) > 0 or held(scene) or not scene.warm(look.candidate):
        return None
    message = f"{live.name} has no ready pod; moving production to {look.candidate.name} without further steps"
    return move(scene, look.candidate, Phase.PROMOTING, (attempts.PRODUCTION_DOWN, message), canary=look.state)


def _weigh(look: Look) -> Plan | None:
    """Give the step's weight in one write; the step starts when the route is seen to have it and to be carried out."""
    scene, candidate, state = look.scene, look.candidate, look.known
    live, route = scene.live, scene.route
    if live is None or route is None:
        return wait("waiting for the route of the release", POLL_SECONDS)
    if scene.shares == {live.name: 100 - state.weight, candidate.name: state.weight}:
        return None if state.step_started_at else _start(look, route.problem)
    if state.step_started_at is None:
        return Plan(split(scene, live, candidate, state.weight), again=NOW)
    if look.worth_writing:
        return note(candidate, canary=look.state)
    given = ", ".join(f"{share} % to {name}" for name, share in scene.shares.items())
    return stall(
        stalls.ROUTE_EDITED,
        f"route {route.name} gives {given}, and step {state.step} asks for {state.weight} % to {candidate.name}; "
        "set the weights back, or end the attempt by moving the alias or with spec.rollback",
    )


def _start(look: Look, problem: str | None) -> Plan:
    """Start the step's clock once a gateway has taken up its weight."""
    state, limit = look.known, seconds(look.asked.timeout)
    if problem is None:
        started = state.model_copy(update={"step_started_at": stamp(look.scene.now)})
        return note(look.candidate, canary=started)
    if elapsed(state.entered_at, look.scene.now) > limit:
        message = f"no gateway programmed step {state.step} within {limit:g} s: {problem}"
        return _end(look, Phase.INCONCLUSIVE, (attempts.ROUTE_NOT_ACCEPTED, message))
    return wait(f"step {state.step} waits for a gateway: {problem}", POLL_SECONDS)


def _complete(look: Look) -> Plan | None:
    """Go on where the step has its evidence and nothing keeps it from going on; end it where it is out of time."""
    bad = look.judgement.state is SloState.EVERYTHING_BAD
    if not bad and look.state.requests >= look.asked.min_requests:
        return None if _suspended(look) else _advance(look)
    if look.silent_seconds >= NO_DATA_SECONDS and look.candidate.spec.policy.rollout.on_no_data is OnNoData.ROLLBACK:
        lost = f"{unreadable(look.scene, look.candidate)}, for {NO_DATA_SECONDS:g} s now (spec.rollout.onNoData)"
        message = f"{lost}; {progress(look)}"
        return _end(look, Phase.INCONCLUSIVE, (attempts.NO_DATA, message))
    late = elapsed(look.known.step_started_at, look.scene.now) > seconds(look.asked.timeout)
    if not late or held(look.scene):
        return None
    counted = f"{look.state.requests} of {look.asked.min_requests} requests at {look.known.weight} %"
    said = look.judgement.message if bad else f"{counted} after {look.asked.timeout}"
    route = look.scene.route.problem if look.scene.route else None
    problem = unreadable(look.scene, look.candidate) if look.silent_seconds >= NO_DATA_SECONDS else route
    reason = attempts.EVERYTHING_BAD if bad else attempts.TOO_LITTLE_TRAFFIC
    return _end(look, Phase.INCONCLUSIVE, (reason, f"{said}; {problem}" if problem else said))


def _suspended(look: Look) -> str | None:
    """What keeps a step with all its evidence from going on: its pause, a hold, an outage, pods that are not ready."""
    scene, candidate, state = look.scene, look.candidate, look.known
    if look.asked.pause and not _resumed(look):
        return f"paused until spec.resume is {candidate.name}/{state.step}"
    hold = held(scene)
    if hold is not None:
        return f"held: {hold[1]}"
    if scene.seen.registry.problem:
        return "waiting for the registry to become reachable"
    return None if scene.warm(candidate) else f"waiting for the pods of {candidate.name} to be ready again"


def _resumed(look: Look) -> bool:
    """Whether spec.resume names this step or a later one of this revision."""
    revision, _, number = (look.scene.seen.release.spec.resume or "").partition("/")
    return revision == look.candidate.name and number.isdigit() and int(number) >= look.known.step


def _advance(look: Look) -> Plan:
    """The next step; after the last one the promotion."""
    state, candidate, steps = look.state, look.candidate, look.steps
    if state.step >= len(steps):
        what = f"all {len(steps)} canary steps done: {look.judgement.message}"
        return _end(look, Phase.PROMOTING, (attempts.PROMOTING, f"{what}; moving production to {candidate.name}"))
    weight = steps[state.step].weight
    update = {"step": state.step + 1, "weight": weight, "entered_at": stamp(look.scene.now), "step_started_at": None}
    following = state.model_copy(update={**update, "requests": 0, "of": 0})
    message = f"step {state.step} kept {look.judgement.kept}: {look.judgement.message}; next {weight} %"
    decision = Decision(
        action=decisions.CANARY_STEP,
        revision=candidate.name,
        message=message,
        actor=SLIPWAY,
        details={"from": state.weight, "to": weight, "version": candidate.spec.model.version},
    )
    return record(candidate, decision, canary=following, reason=decision.action, message=message)


def _record(look: Look) -> Plan | None:
    return note(look.candidate, canary=look.state) if look.worth_writing else None


def _wait(look: Look) -> Plan:
    """Say what the step waits for."""
    state = look.known
    if look.judgement.state is SloState.EVERYTHING_BAD:
        return wait(f"halted at {state.weight} %: {look.judgement.message}", READ_SECONDS)
    if look.state.requests >= look.asked.min_requests:
        done = f"step {state.step} of {len(look.steps)} has its {look.asked.min_requests} requests"
        return wait(f"{done}; {_suspended(look)}", READ_SECONDS)
    blind = f"; {unreadable(look.scene, look.candidate)}" if look.silent_seconds >= NO_DATA_SECONDS else ""
    return wait(f"{progress(look)}{blind}", READ_SECONDS)
