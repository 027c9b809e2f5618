"""Canary: the candidate gets a share of production traffic, step by step, and earns the next one by evidence.

Every look asks in this order: is the attempt still wanted, do the pods live, do the counters speak against it, has the
route the step's weight, is the evidence there? Whatever ends the attempt is written down first; `route.withdraw` then
gives its share back to the live revision in one write, after a crash too.
"""

from __future__ import annotations

from slipway.api.base import seconds
from slipway.api.policy import OnNoData, Step
from slipway.api.revision import Canary, ModelRevision, Phase
from slipway.api.traffic import Router
from slipway.api.verdict import Verdict
from slipway.gates import canary as shown
from slipway.gates.slo import SloJudgement, SloState, judge
from slipway.plan import evidence
from slipway.plan.actions import NOW, Decision, Plan
from slipway.plan.counting import counted_beside
from slipway.plan.fetching import bring_up
from slipway.plan.hold import held
from slipway.plan.moves import move, note, stall, wait, write
from slipway.plan.scene import Scene
from slipway.plan.traffic import split
from slipway.plan.trouble import crashing
from slipway.plan.watching import NO_DATA_SECONDS
from slipway.times import elapsed, stamp

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
        return move(scene, candidate, Phase.ABORTED, ("CanaryStateMissing", "the canary's state was removed by hand"))
    judgement = judge(candidate.spec.policy.slo, state.watched, state.watched.production)
    return (
        _unwanted(scene, candidate, state)
        or unfit(scene, candidate)
        or _breach(scene, candidate, judgement)
        or _repair(scene, candidate)
        or _read(scene, candidate, state)
        or _mend(scene, candidate)
        or _weigh(scene, candidate, state)
        or _await(scene, candidate, state, judgement)
        or _advance(scene, candidate, state)
    )


def due(candidate: ModelRevision, scene: Scene) -> bool:
    """Whether the counters of both sides should be read again."""
    state = candidate.status.canary
    if candidate.status.phase is not Phase.CANARY or state is None or state.step_started_at is None:
        return False
    return elapsed(state.watched.read_at, scene.now) >= READ_SECONDS or state.watched.read_at is None


def unfit(scene: Scene, candidate: ModelRevision) -> Plan | None:
    """End the attempt where its pods do not live while they have a share of production."""
    if scene.share(candidate) == 0:
        return None
    if scene.ready_pods(candidate) == 0:
        why = f"{candidate.name} has no ready pod while it has {scene.share(candidate)} % of production traffic"
        return move(scene, candidate, Phase.REJECTED, ("PodsUnready", why))
    looping = crashing(scene, candidate)
    return move(scene, candidate, Phase.REJECTED, ("CrashLoop", looping)) if looping else None


def _unwanted(scene: Scene, candidate: ModelRevision, state: Canary) -> Plan | None:
    """What this canary was about is no more: another revision serves, or another router moves traffic."""
    if scene.live is not None and scene.live.name != state.against:
        message = f"production serves {scene.live.name} now; this canary was held against {state.against}"
        return move(scene, candidate, Phase.ABORTED, ("ProductionChanged", message))
    if scene.seen.release.spec.traffic.router is not Router.GATEWAY:
        message = "spec.traffic.router is Service now, which cannot give a candidate a weight"
        return move(scene, candidate, Phase.SUPERSEDED, ("RouterChanged", message))
    return None


def _breach(scene: Scene, candidate: ModelRevision, judgement: SloJudgement) -> Plan | None:
    if judgement.state is not SloState.BREACH:
        return None
    return _end(scene, candidate, Phase.REJECTED, ("SLOBreach", judgement.message), judgement)


def _end(scene: Scene, candidate: ModelRevision, phase: Phase, why: tuple[str, str], judgement: SloJudgement) -> Plan:
    """Move to `phase` with the canary's figures as evidence beside those of the gates."""
    state = candidate.status.canary
    if state is None:
        raise ValueError(f"{candidate.name} has no canary to end")
    began = next((t.started_at for t in candidate.status.timings if t.phase is Phase.CANARY), None)
    figures = shown.result(VERDICTS[phase], why[1], judgement, state)
    timed = figures.model_copy(update={"started_at": began, "duration_seconds": elapsed(began, scene.now)})
    result = evidence.stamped(scene, candidate, timed)
    return move(scene, candidate, phase, why, gates=evidence.merged(candidate.status.gates, [result]))


def _repair(scene: Scene, candidate: ModelRevision) -> Plan | None:
    """A production without a ready pod is not protected by going slowly: what passed its gates takes over."""
    if scene.live is None or scene.ready_pods(scene.live) > 0 or held(scene) or not scene.warm(candidate):
        return None
    message = f"{scene.live.name} has no ready pod; moving production to {candidate.name} without further steps"
    return move(scene, candidate, Phase.PROMOTING, ("ProductionDown", message))


def _read(scene: Scene, candidate: ModelRevision, state: Canary) -> Plan | None:
    """Add what both sides counted since the last look."""
    ours, theirs = scene.seen.counters_of(candidate.name), scene.seen.counters_of(state.against)
    if not ours or not due(candidate, scene):
        return None
    before = state.watched
    watched = counted_beside(before, ours, theirs).model_copy(update={"read_at": stamp(scene.now)})
    new = watched.requests - before.requests
    both = new + (watched.production.requests if watched.production else 0)
    both -= before.production.requests if before.production else 0
    update = {"watched": watched, "requests": state.requests + new, "of": state.of + both}
    return note(candidate, canary=state.model_copy(update=update))


def _mend(scene: Scene, candidate: ModelRevision) -> Plan | None:
    """Its Deployment and Service, where they were changed by hand."""
    return bring_up(scene, candidate)


def _weigh(scene: Scene, candidate: ModelRevision, state: Canary) -> Plan | None:
    """Give the step's weight in one write; the step starts when the route is seen to have it and to be carried out."""
    live, route = scene.live, scene.route
    if live is None or route is None:
        return wait("waiting for the route of the release", POLL_SECONDS)
    if scene.shares == {live.name: 100 - state.weight, candidate.name: state.weight}:
        return None if state.step_started_at else _start(scene, candidate, state)
    if state.step_started_at is None:
        return Plan(split(scene, live, candidate, state.weight), again=NOW)
    given = ", ".join(f"{share} % to {name}" for name, share in scene.shares.items())
    return stall(
        "RouteEdited",
        f"route {route.name} gives {given}, and step {state.step} asks for {state.weight} % to {candidate.name}; "
        "set the weights back, or end the attempt by moving the alias or with spec.rollback",
    )


def _start(scene: Scene, candidate: ModelRevision, state: Canary) -> Plan:
    """Start the step's clock once a gateway has taken up its weight."""
    problem = scene.route.problem if scene.route else None
    if problem is None:
        started = state.model_copy(update={"step_started_at": stamp(scene.now)})
        return note(candidate, canary=started)
    limit = seconds(_step(candidate, state).timeout)
    if elapsed(state.entered_at, scene.now) > limit:
        message = f"no gateway carried out step {state.step} within {limit:g} s: {problem}"
        return move(scene, candidate, Phase.INCONCLUSIVE, ("RouteNotAccepted", message))
    return wait(f"step {state.step} waits for a gateway: {problem}", POLL_SECONDS)


def _await(scene: Scene, candidate: ModelRevision, state: Canary, judgement: SloJudgement) -> Plan | None:
    """Wait for the step's evidence, or for what keeps it from going on; None when it is complete."""
    asked, sofar = _step(candidate, state), progress(scene, candidate, state)
    lost = _silence(scene, state) >= NO_DATA_SECONDS
    if lost and candidate.spec.policy.rollout.on_no_data is OnNoData.ROLLBACK:
        message = f"{sofar}; no request counter could be read for {NO_DATA_SECONDS:g} s (spec.rollout.onNoData)"
        return _end(scene, candidate, Phase.INCONCLUSIVE, ("NoData", message), judgement)
    late = elapsed(state.step_started_at, scene.now) > seconds(asked.timeout)
    bad = judgement.state is SloState.EVERYTHING_BAD
    if not bad and state.requests >= asked.min_requests:
        return _suspended(scene, candidate, state)
    if late and held(scene) is None:
        reason = "EverythingBad" if bad else "TooLittleTraffic"
        said = judgement.message if bad else f"{sofar} after {asked.timeout}"
        problem = scene.route.problem if scene.route else None
        message = f"{said}; {problem}" if problem else said
        return _end(scene, candidate, Phase.INCONCLUSIVE, (reason, message), judgement)
    blind = "; no request counter could be read lately" if lost else ""
    return wait(f"halted at {state.weight} %: {judgement.message}" if bad else f"{sofar}{blind}", READ_SECONDS)


def _silence(scene: Scene, state: Canary) -> float:
    """Seconds for which nothing could be read of the candidate."""
    return elapsed(state.watched.read_at or state.step_started_at, scene.now)


def _suspended(scene: Scene, candidate: ModelRevision, state: Canary) -> Plan | None:
    """What keeps a step with all its evidence from going on: its pause, a hold, an outage, pods that are not ready."""
    done = f"step {state.step} of {len(candidate.spec.policy.rollout.steps)} has its {state.requests} requests"
    hold = held(scene)
    if _step(candidate, state).pause and not _resumed(scene, candidate, state):
        mark = f"{candidate.name}/{state.step}"
        return wait(f"{done}; paused until spec.resume is {mark}", READ_SECONDS)
    if hold is not None:
        return wait(f"{done}; held: {hold[1]}", READ_SECONDS)
    if scene.seen.registry.problem:
        return wait(f"{done}; production waits until the registry can be asked again", READ_SECONDS)
    if not scene.warm(candidate):
        return wait(f"{done}; waiting for the pods of {candidate.name} to be ready again", POLL_SECONDS)
    return None


def _resumed(scene: Scene, candidate: ModelRevision, state: Canary) -> bool:
    """Whether spec.resume names this step or a later one of this revision."""
    revision, _, number = (scene.seen.release.spec.resume or "").partition("/")
    return revision == candidate.name and number.isdigit() and int(number) >= state.step


def _advance(scene: Scene, candidate: ModelRevision, state: Canary) -> Plan:
    """The next step; after the last one the promotion."""
    steps = candidate.spec.policy.rollout.steps
    judgement = judge(candidate.spec.policy.slo, state.watched, state.watched.production)
    if state.step >= len(steps):
        message = f"all {len(steps)} canary steps done: {judgement.message}; moving production to {candidate.name}"
        return _end(scene, candidate, Phase.PROMOTING, ("Promoting", message), judgement)
    update = {"step": state.step + 1, "weight": steps[state.step].weight, "entered_at": stamp(scene.now)}
    update |= {"step_started_at": None, "requests": 0, "of": 0}
    message = f"step {state.step} kept the objectives: {judgement.message}; next {steps[state.step].weight} %"
    decision = Decision(
        action="CanaryStep",
        revision=candidate.name,
        message=message,
        actor="slipway",
        details={"from": state.weight, "to": steps[state.step].weight, "version": candidate.spec.model.version},
    )
    status = candidate.status.model_copy(
        update={"canary": state.model_copy(update=update), "reason": "CanaryStep", "message": message}
    )
    return Plan(write(candidate, status), decision, again=NOW)


def progress(scene: Scene, candidate: ModelRevision, state: Canary) -> str:
    """How far the step is, and how long it has to go at the rate at which requests came so far."""
    asked, steps = _step(candidate, state), candidate.spec.policy.rollout.steps
    where = f"step {state.step} of {len(steps)} at {state.weight} %: {state.requests} of {asked.min_requests} requests"
    since = elapsed(state.step_started_at, scene.now)
    if state.requests == 0 or since <= 0:
        return f"{where}, no rate is known yet"
    left = max(0, asked.min_requests - state.requests) * since / state.requests
    return f"{where}, about {_span(left)} left at this rate"


def _span(length: float) -> str:
    """Seconds as people say them."""
    if length < 100:
        return f"{max(1, round(length))} s"
    return f"{round(length / 60)} min" if length < 6000 else f"{length / 3600:.1f} h"


def _step(candidate: ModelRevision, state: Canary) -> Step:
    return candidate.spec.policy.rollout.steps[state.step - 1]
