"""The metric gate's Job for source Rescore: `python -m slipway.jobs.rescore`.

Sends the same rows to the candidate and to production, both through their served endpoints, and judges the figures that
come of their answers. The rows come with the candidate, in its artifacts, which the pod's init container has verified.
"""

from __future__ import annotations

import asyncio
import sys

import aiohttp
from pydantic import ValidationError

from slipway.api.base import seconds
from slipway.api.gates.specs import MetricGate
from slipway.api.gates.verdict import GateResult, Verdict
from slipway.gates.statistics import rescored
from slipway.gates.statistics.figures import Array, Unmeasurable, labels
from slipway.gates.statistics.rescored import Rescored
from slipway.jobs import boundary, holdout, scoring
from slipway.jobs.environment import Endpoint, Environment, JobError
from slipway.jobs.holdout import Holdout
from slipway.jobs.target import NotReady
from slipway.words.text import plain


async def gate(environment: Environment) -> GateResult:
    """The verdict of a Rescore gate. Raises JobError when nothing can be measured."""
    spec = parse_gate(environment.gate)
    rows = holdout.read(environment.model_directory, spec)
    try:
        async with asyncio.timeout(seconds(spec.timeout)):
            data = await measure(spec, environment, rows)
        result = await asyncio.to_thread(rescored.judge, spec, data)
    except Unmeasurable as problem:
        result = _unmeasurable(spec, str(problem))
    except TimeoutError as error:
        raise JobError(
            f"the gate had no verdict after {spec.timeout}, its timeout; raise it, or use fewer rows"
        ) from error
    return result.model_copy(update={"measured_on": {"dataset": rows.evidence}})


async def measure(spec: MetricGate, environment: Environment, rows: Holdout) -> Rescored:
    """Both sides' answers to `rows`. Raises JobError, or Unmeasurable when the rows cannot give the figure."""
    truth = labels(rows.frame[rows.dataset.label].to_numpy(), rows.dataset.positive)
    segments = rows.frame[spec.segments.column].astype(object).to_numpy() if spec.segments else None
    async with aiohttp.ClientSession() as session:
        candidate = await _answers(session, environment.candidate, rows, spec)
        there = environment.production
        production = await _answers(session, there, rows, spec) if there else None
    return Rescored(truth, candidate, production, segments)


async def _answers(session: aiohttp.ClientSession, target: Endpoint, rows: Holdout, spec: MetricGate) -> Array:
    try:
        example = await scoring.prepare(session, target)
    except NotReady as problem:
        raise JobError(str(problem)) from problem
    no_features = {rows.dataset.label} | ({spec.segments.column} if spec.segments else set())
    features = rows.features(scoring.wanted_columns(example), no_features, target.revision or target.url)
    return scoring.column(await scoring.score(session, target, features, example), rows.dataset.score)


def parse_gate(text: str) -> MetricGate:
    """The gate's spec. Raises JobError."""
    try:
        return MetricGate.model_validate_json(text)
    except ValidationError as error:
        raise JobError(f"SLIPWAY_GATE is not a metric gate: {error.errors()[0]['msg']}") from error


def _unmeasurable(spec: MetricGate, problem: str) -> GateResult:
    return GateResult(
        name=f"metrics/{spec.name}",
        verdict=Verdict.INCONCLUSIVE,
        message=plain(f"{spec.name} cannot be measured: {problem}", 1024),
    )


if __name__ == "__main__":
    sys.exit(boundary.main(gate))
