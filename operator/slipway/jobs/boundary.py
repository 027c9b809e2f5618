"""The outer edge of a gate's process: environment in, verdict out, whatever happens in between."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

from slipway.api.gates.verdict import GateResult, Verdict
from slipway.gates.job import MAX_BYTES
from slipway.jobs.clock import punctual_loop
from slipway.jobs.environment import Environment, JobError, read, termination_log
from slipway.words.text import plain

log = logging.getLogger("slipway.jobs")

GateProgram = Callable[[Environment], Awaitable[GateResult]]

_LONGEST_MESSAGE_WHEN_CUT = 512


def main(gate: GateProgram) -> int:
    """Run `gate` in this process: write its verdict to the termination log. Returns the exit code, 0."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    result = run(gate, os.environ)
    written = encode(result)
    termination_log(os.environ).write_bytes(written)
    log.info("%s", written.decode())
    return 0


def run(gate: GateProgram, variables: Mapping[str, str]) -> GateResult:
    """The verdict of `gate` under `variables`; whatever keeps it from one becomes an Error verdict."""
    started = datetime.now(UTC)
    name = variables.get("SLIPWAY_GATE_NAME") or "unnamed"
    try:
        with asyncio.Runner(loop_factory=punctual_loop) as runner:
            result = runner.run(_measure(gate, variables))
    except JobError as error:
        result = _error(name, str(error))
    except Exception as error:
        log.exception("the gate crashed")
        result = _error(name, f"the gate crashed ({type(error).__name__}: {error}); its log has the traceback")
    took = (datetime.now(UTC) - started).total_seconds()
    times = {"name": name, "started_at": started.isoformat(timespec="milliseconds"), "duration_seconds": round(took, 3)}
    return result.model_copy(update=times)


def encode(result: GateResult) -> bytes:
    """The verdict as JSON of at most 4096 bytes; details are left out, biggest first, where they do not fit."""
    wire = result.wire()
    details = dict(wire.get("details", {}))
    while len(body := _json({**wire, "details": details})) >= MAX_BYTES and details:
        del details[max(details, key=lambda key: len(_json(details[key])))]
    if len(body) >= MAX_BYTES:
        body = _json({**wire, "details": {}, "message": plain(result.message, _LONGEST_MESSAGE_WHEN_CUT)})
    return body


async def _measure(gate: GateProgram, variables: Mapping[str, str]) -> GateResult:
    environment = read(variables)
    result = await gate(environment)
    return result.model_copy(update={"measured_on": {**environment.measured_on, **result.measured_on}})


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode(errors="replace")


def _error(name: str, message: str) -> GateResult:
    return GateResult(name=name, verdict=Verdict.ERROR, message=plain(message, 1024))
