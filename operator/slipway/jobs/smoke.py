"""The smoke gate's Job: `python -m slipway.jobs.smoke`.

Waits for the candidate to be ready, fetches its own input example, warms it up, sends an open-loop load to
`/invocations` and judges what came back. Exit code 0 whenever a verdict was written.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import aiohttp
from pydantic import ValidationError

from slipway.api.base import seconds
from slipway.api.gates.specs import SmokeBatch, SmokeGate
from slipway.api.gates.verdict import GateResult
from slipway.gates.statistics import smoke
from slipway.gates.statistics.smoke import Shot, SmokeReport
from slipway.jobs import answers, boundary
from slipway.jobs.environment import Endpoint, Environment, JobError
from slipway.jobs.load import Load, send
from slipway.jobs.payload import Example, example
from slipway.jobs.target import NotReady, fetch_example, wait_ready
from slipway_contract import paths

GIVE_UP_AFTER_BUDGETS = 10
"""A request is given up after this many latency budgets, though never before MIN_GIVE_UP seconds."""

MIN_GIVE_UP = 2.0


async def gate(environment: Environment) -> GateResult:
    """The verdict of the smoke gate on the candidate. Raises JobError when nothing can be measured."""
    spec = parse_gate(environment.gate)
    try:
        async with asyncio.timeout(seconds(spec.timeout)):
            return smoke.judge(spec, await measure(spec, environment))
    except TimeoutError as error:
        raise JobError(
            f"the gate had no verdict after {spec.timeout}, its timeout; raise it, or send fewer requests"
        ) from error


async def measure(spec: SmokeGate, environment: Environment) -> SmokeReport:
    """Load the candidate as `spec` says. Raises JobError when nothing can be measured."""
    candidate = environment.candidate
    async with aiohttp.ClientSession() as session:
        try:
            await wait_ready(session, candidate)
        except NotReady as problem:
            return SmokeReport((), unhealthy=str(problem))
        examples = read_requests(environment.requests_file) or [await own_example(session, candidate)]
    bodies = tuple(body for found in examples for body in found.single())
    url, give_up = f"{candidate.url}{paths.INVOCATIONS}", patience(spec.p95)
    warm_up = await send(Load(url, bodies, spec.warm_up, spec.rate, give_up))
    load = await send(Load(url, bodies, spec.requests, spec.rate, give_up))
    shots = answers.shots([*warm_up, *load], [1] * len(bodies), candidate.revision)
    batch = await send_batches(spec.batch, url, examples, candidate.revision) if spec.batch else ()
    reached = any(answer.connected for answer in (*warm_up, *load))
    return SmokeReport(shots[len(warm_up) :], shots[: len(warm_up)], batch=batch, reached=reached)


async def send_batches(batch: SmokeBatch, url: str, examples: list[Example], revision: str) -> tuple[Shot, ...]:
    """The second load, of requests with several rows."""
    bodies = tuple(found.batch(batch.rows) for found in examples)
    sent = await send(Load(url, bodies, batch.requests, batch.rate, patience(batch.p95)))
    return answers.shots(sent, [batch.rows] * len(bodies), revision)


def patience(p95: str) -> float:
    """Seconds after which a request with the latency budget `p95` is given up."""
    return max(MIN_GIVE_UP, GIVE_UP_AFTER_BUDGETS * seconds(p95))


async def own_example(session: aiohttp.ClientSession, target: Endpoint) -> Example:
    """The input example that came with the model. Raises JobError when it has none."""
    found = await fetch_example(session, target)
    if found is None:
        raise JobError("the model has no input example; log one with it, or give the gate requests from a ConfigMap")
    return found


def parse_gate(text: str) -> SmokeGate:
    """The gate's spec. Raises JobError."""
    try:
        return SmokeGate.model_validate_json(text)
    except ValidationError as error:
        raise JobError(f"SLIPWAY_GATE is not a smoke gate: {error.errors()[0]['msg']}") from error


def read_requests(path: Path | None) -> list[Example]:
    """The examples in `path`: one JSON request body per line. Empty without a path. Raises JobError."""
    if path is None:
        return []
    try:
        lines = [line for line in path.read_text().splitlines() if line.strip()]
        found = [example(json.loads(line)) for line in lines]
    except (OSError, ValueError) as error:
        raise JobError(f"the gate's requests in {path} cannot be read ({error})") from error
    if not found:
        raise JobError(f"the gate's requests in {path} are empty; give it one JSON request body per line")
    return found


if __name__ == "__main__":
    sys.exit(boundary.main(gate))
