"""Gating: the gates that need pods, each in a Job beside the candidate."""

from __future__ import annotations

from slipway import names
from slipway.api.base import seconds
from slipway.api.revision import ModelRevision, Phase
from slipway.api.verdict import GateResult, Verdict
from slipway.gates import job as gate_verdict
from slipway.plan.actions import Apply, Plan
from slipway.plan.fetching import bring_up
from slipway.plan.hold import held
from slipway.plan.moves import move, note, wait
from slipway.plan.pending import reject
from slipway.plan.scene import Scene
from slipway.render.gate_job import GateRun, gate_job

MAX_ATTEMPTS = 3
"""Runs of one gate that end in Error before the attempt is given up."""
POLL_SECONDS = 2.0


def step(scene: Scene, candidate: ModelRevision) -> Plan | None:
    """Run what is not decided yet; go on when everything passed."""
    repaired = bring_up(scene, candidate)
    if repaired is not None:
        return repaired
    decided = {result.name: result for result in candidate.status.gates}
    for run in runs(scene, candidate):
        result = decided.get(run.gate)
        if result is None or (result.verdict is Verdict.ERROR and result.attempts < MAX_ATTEMPTS):
            return _run(scene, candidate, run)
    failed = [result for result in candidate.status.gates if result.blocks]
    if failed:
        return reject(scene, candidate, failed[0], candidate.status.gates)
    return _passed(scene, candidate)


def runs(scene: Scene, candidate: ModelRevision) -> tuple[GateRun, ...]:
    """The gates that need pods, cheap before dear, each with its next attempt."""
    smoke = candidate.spec.policy.gates.smoke
    if smoke is None:
        return ()
    before = next((r.attempts for r in candidate.status.gates if r.name == "smoke"), 0)
    image = scene.seen.settings.images.jobs
    return (GateRun("smoke", "smoke", image, smoke.wire(), seconds(smoke.timeout), before + 1),)


def _run(scene: Scene, candidate: ModelRevision, run: GateRun) -> Plan:
    job = scene.seen.jobs.get(names.gate_job(candidate.name, run.gate, run.attempt))
    if job is None:
        return Plan(Apply(gate_job(run, candidate, scene.live)), again=POLL_SECONDS)
    if not job.finished:
        return wait(f"gate {run.gate} is running", POLL_SECONDS)
    result = gate_verdict.read(run.gate, job.message, job.exit_code, job.reason)
    return note(candidate, gates=_with(candidate.status.gates, result.model_copy(update={"attempts": run.attempt})))


def _with(results: tuple[GateResult, ...], result: GateResult) -> tuple[GateResult, ...]:
    return (*(r for r in results if r.name != result.name), result)


def _passed(scene: Scene, candidate: ModelRevision) -> Plan:
    hold = held(scene)
    if hold is not None:
        return wait(f"all gates passed; held: {hold[1]}", 60.0)
    names_of = ", ".join(result.name for result in candidate.status.gates) or "none asked for"
    why = ("Promoting", f"all gates passed ({names_of}); moving production to {candidate.name}")
    return move(scene, candidate, Phase.PROMOTING, why)
