"""Gating: the gates that need pods, each in a Job beside the candidate; then a human's consent, where one is needed."""

from __future__ import annotations

from datetime import datetime

from slipway.api.gates.specs import CustomGate, MetricGate, SmokeGate
from slipway.api.gates.verdict import GateResult, Verdict
from slipway.api.reasons import attempts, stalls
from slipway.api.revision import ModelRevision, Phase
from slipway.gates import job as gate_verdict
from slipway.gates.decision import GateAction, GateDecision, decide, expected
from slipway.gates.evidence import run_number, stale
from slipway.plan.attempt import canary, consent
from slipway.plan.attempt.evidence import against, identity_of, judged, merged, stamped
from slipway.plan.attempt.fetching import bring_up
from slipway.plan.attempt.pending import inline, judge, reject
from slipway.plan.situation.hold import held
from slipway.plan.situation.observed import Job
from slipway.plan.situation.scene import Scene
from slipway.plan.writing.actions import Apply, Plan
from slipway.plan.writing.moves import move, note, stall, wait
from slipway.render.gate_job import GateRun, gate_job
from slipway.words import names
from slipway.words.times import elapsed, parse

POLL_SECONDS = 2.0
HOPELESS = frozenset({"ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError"})
"""Reasons for which a gate's pod will not start in any useful time: an Error, without waiting for the deadline."""


def step(scene: Scene, candidate: ModelRevision) -> Plan | None:
    """Run what is not decided, compare again where production changed meanwhile, and go on when everything passed."""
    earlier = bring_up(scene, candidate) or consent.record(scene, candidate)
    if earlier is not None:
        return earlier
    gates, results = candidate.spec.policy.gates, candidate.status.gates
    outdated = stale(results, identity_of(scene.live))
    if outdated:
        return _again(candidate, outdated)
    decision = decide(gates, results, consent.judge(scene, candidate))
    if decision.action is GateAction.RUN:
        return _run(scene, candidate, decision)
    if decision.action is GateAction.REJECT:
        return reject(scene, candidate, decision)
    if decision.action is GateAction.APPROVAL:
        return consent.ask(scene, candidate, decision)
    return _passed(scene, candidate)


def _again(candidate: ModelRevision, outdated: tuple[str, ...]) -> Plan:
    """Drop comparisons with a production that is no more; they are run again."""
    return note(candidate, gates=tuple(r for r in candidate.status.gates if r.name not in outdated))


def _run(scene: Scene, candidate: ModelRevision, decision: GateDecision) -> Plan:
    """Run the smoke load alone, for others would slow it down, and the rest side by side."""
    if decision.at is not None and decision.at > scene.now:
        return wait(decision.message, (decision.at - scene.now).total_seconds())
    mine = inline(candidate.spec.policy.gates)
    compared = [n for n in decision.gates if n in mine]
    if compared:
        return _compare(scene, candidate, compared)
    due = ["smoke"] if "smoke" in decision.gates else list(decision.gates)
    plans = [_one(scene, candidate, name) for name in due]
    return next((plan for plan in plans if plan.action or plan.stalled), plans[0])


def _compare(scene: Scene, candidate: ModelRevision, due: list[str]) -> Plan:
    """Logged metrics once more, against today's production."""
    fresh = [stamped(scene, candidate, result) for result in judge(scene, candidate) if result.name in due]
    return judged(candidate, fresh)


def _one(scene: Scene, candidate: ModelRevision, name: str) -> Plan:
    """Start one gate's Job, wait for it, or take its verdict."""
    run = _gate_run(scene, candidate, name)
    if run is None:
        return stall(stalls.UNKNOWN_REGISTRY, f"registry {candidate.spec.model.registry} is no longer configured")
    job = scene.seen.jobs.get(names.gate_job(candidate.name, name, run.attempt))
    if job is None and (problem := _unmountable(scene, run)):
        read = {"job": last} if (last := _read(candidate, name)) else {}
        result = GateResult(name=name, verdict=Verdict.ERROR, message=problem, measured_on=read)
        return _keep(scene, candidate, result)
    if job is None:
        return Plan(Apply(gate_job(run, candidate, scene.live)), again=POLL_SECONDS)
    if not job.finished and job.waiting not in HOPELESS:
        state = f"its pod is waiting: {job.waiting}" if job.waiting else "its pod is running"
        return wait(f"gate {name}: {state}"[:900], POLL_SECONDS)
    result = gate_verdict.read(name, job.message, job.exit_code, job.reason or job.waiting)
    measured_on = {**result.measured_on, "job": job.name}
    timed = result.model_copy(
        update={"started_at": job.started_at, "duration_seconds": _duration(job), "measured_on": measured_on}
    )
    return _keep(scene, candidate, timed)


def _unmountable(scene: Scene, run: GateRun) -> str | None:
    """Why the gate's pod would wait for its input until the deadline; None: it would not."""
    if not isinstance(run.spec, SmokeGate) or run.spec.requests_from is None:
        return None
    found = scene.seen.requests
    problem = found.problem if found else None
    if problem is None:
        return None
    return f"ConfigMap {run.spec.requests_from.config_map}: {problem}; create it, or remove requestsFrom"


def _keep(scene: Scene, candidate: ModelRevision, result: GateResult) -> Plan:
    return judged(candidate, [stamped(scene, candidate, result)])


def _duration(job: Job) -> float | None:
    return elapsed(job.started_at, _time(job.ended_at)) if job.started_at and job.ended_at else None


def _time(text: str | None) -> datetime:
    return parse(text or "")


def _gate_run(scene: Scene, candidate: ModelRevision, name: str) -> GateRun | None:
    registry = scene.seen.settings.registries.get(candidate.spec.model.registry)
    gate = expected(candidate.spec.policy.gates)[name]
    if registry is None or not isinstance(gate, SmokeGate | MetricGate | CustomGate):
        return None
    mine = [j for j in scene.seen.jobs.values() if j.revision == candidate.name and j.gate == names.gate_label(name)]
    runs = {_number(job.name): job.production for job in mine}
    production = against(name, scene.live)
    number = run_number(_number(_read(candidate, name)), runs, production)
    return GateRun(name, gate, number, scene.seen.settings.images.jobs, registry, production)


def _read(candidate: ModelRevision, name: str) -> str:
    """Name of the Job of gate `name` that was read last; empty: none was."""
    return next((r.measured_on.get("job", "") for r in candidate.status.gates if r.name == name), "")


def _number(job: str) -> int:
    return int(job.rsplit("-", 1)[1]) if job else 0


def _passed(scene: Scene, candidate: ModelRevision) -> Plan:
    hold = held(scene)
    if hold is not None:
        return wait(f"all gates passed; held: {hold[1]}", 60.0)
    consented = consent.judge(scene, candidate)
    given = [stamped(scene, candidate, consented)] if consented else []
    results = merged(candidate.status.gates, given)
    names_of = ", ".join(result.name for result in results) or "none asked for"
    steps, passed = candidate.spec.policy.rollout.steps, f"all gates passed ({names_of})"
    if steps and scene.live is not None:
        why = (
            attempts.CANARY,
            f"{passed}; step 1 of {len(steps)} gives {candidate.name} {steps[0].weight} % of production",
        )
        first = canary.begin(scene, candidate, scene.live)
        return move(scene, candidate, Phase.CANARY, why, gates=results, canary=first)
    why = (attempts.PROMOTING, f"{passed}; moving production to {candidate.name}")
    return move(scene, candidate, Phase.PROMOTING, why, gates=results)
