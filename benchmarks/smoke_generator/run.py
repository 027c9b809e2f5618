"""Is the smoke gate's load generator right? Its p95 against servers whose latency distribution is known.

    python benchmarks/smoke_generator/run.py            a table; exit code 1 when an error is above 5 %
    python benchmarks/smoke_generator/run.py --json     the same as JSON

Everything stays on 127.0.0.1. Takes two minutes; it needs one core for the server and one for the generator. Both run
with real-time priority where the system lets them (root, or CAP_SYS_NICE): what is measured is the generator, not what
else the machine is busy with. Without it, a load whose generator did not keep its schedule is repeated, as the gate
would repeat it. The truth is the server's own record of the very requests that were measured, so no part of the error
is luck of the draw.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "operator"))

from slipway.gates.statistics.smoke import LAG_SHARE, percentile  # noqa: E402
from slipway.jobs.clock import punctual_loop  # noqa: E402
from slipway.jobs.load import Answer, Load, send  # noqa: E402

PORT = 18_931
LIMIT = 0.05
ATTEMPTS = 5
BODY = b'{"dataframe_split":{"columns":["x"],"data":[[1.0]]}}'
URL = f"http://127.0.0.1:{PORT}/invocations"


@dataclass(frozen=True)
class Case:
    """One server and one load. `stall` is (every seconds, for milliseconds)."""

    p50: float
    p95: float
    rate: float
    requests: int
    stall: tuple[float, float] | None = None


CASES = (
    Case(20, 50, 50, 1000),
    Case(20, 50, 200, 4000),
    Case(80, 200, 50, 1000),
    Case(80, 200, 200, 4000),
    Case(80, 200, 400, 8000),
    Case(5, 20, 100, 2000, stall=(2, 300)),
)


@contextmanager
def served(case: Case, seed: int) -> Iterator[None]:
    """The case's server, as a process of its own."""
    arguments = [str(a) for a in (PORT, case.p50, case.p95, case.requests, seed, *(case.stall or ()))]
    command = [sys.executable, str(Path(__file__).with_name("server.py")), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield
        finally:
            process.terminate()


def open_loop(case: Case) -> list[Answer]:
    """The smoke gate's own generator."""
    load = Load(URL, (BODY,), case.requests, case.rate, 10)
    with asyncio.Runner(loop_factory=punctual_loop) as runner:
        return list(runner.run(send(load)))


def closed_loop(case: Case) -> list[float]:
    """What a generator sees that sends the next request when an answer came: latencies of eight such clients."""

    async def client(count: int) -> list[float]:
        seen = []
        for _ in range(count):
            seen += [answer.latency for answer in await send(Load(URL, (BODY,), 1, 1000, 10))]
        return seen

    async def clients() -> list[float]:
        return list(chain.from_iterable(await asyncio.gather(*(client(case.requests // 32) for _ in range(8)))))

    return asyncio.run(clients())


def truth(case: Case) -> float:
    """The true p95 in milliseconds of requests that arrive at a steady rate.

    Without stalls: as the server recorded it. With stalls, which keep the server from recording: a request that arrives
    in a stall waits for its end, and so does one whose answer falls due in a stall; the schedule is played through.
    """
    if case.stall is None:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/recorded", timeout=10) as response:
            return 1000 * (percentile(json.load(response), 0.95) or 0)
    sys.path.insert(0, str(Path(__file__).parent))
    from server import delays

    every, duration = case.stall[0], case.stall[1] / 1000
    wanted = delays(case.p50, case.p95, case.requests, 1)
    latencies = []
    for number in range(100_000):
        arrival = number * every / 100_000
        due = _after_stall(arrival, every, duration) + wanted[number % len(wanted)]
        latencies.append(_after_stall(due, every, duration) - arrival)
    return 1000 * (percentile(latencies, 0.95) or 0)


def _after_stall(moment: float, every: float, duration: float) -> float:
    """`moment`, or the end of the stall that it falls into; stalls end at each multiple of `every`."""
    left = every - moment % every
    return moment + left if left < duration else moment


Row = dict[str, float | int | str | None]


def measure(case: Case, seed: int) -> Row:
    """One line of the table, measured again while the generator is starved: then the gate's verdict is Error."""
    for attempt in range(1, ATTEMPTS + 1):
        row = measure_once(case, seed) | {"attempts": attempt}
        if not row["starved"]:
            break
    return row


def measure_once(case: Case, seed: int) -> Row:
    """One line of the table."""
    with served(case, seed):
        answers = open_loop(case)
        right = truth(case)
        closed = percentile(closed_loop(case), 0.95) if case.stall else None
    p95 = 1000 * (percentile([answer.latency for answer in answers], 0.95) or 0)
    lag = 1000 * (percentile([answer.lag for answer in answers], 0.95) or 0)
    return {
        "rate": case.rate,
        "requests": case.requests,
        "stall": f"{case.stall[1]:.0f} ms every {case.stall[0]:.0f} s" if case.stall else "none",
        "nominal_p95_ms": None if case.stall else case.p95,
        "true_p95_ms": round(right, 1),
        "open_loop_p95_ms": round(p95, 1),
        "error": round(p95 / right - 1, 4),
        "lag_p95_ms": round(lag, 2),
        "starved": lag > LAG_SHARE * right,
        "faults": sum(answer.problem is not None for answer in answers),
        "closed_loop_p95_ms": round(1000 * closed, 1) if closed else None,
    }


def real_time() -> bool:
    """Give this process, and the servers that it starts, real-time priority; False where the system does not."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
    except PermissionError:
        return False
    return True


def main() -> int:
    """Print the table; 1 when the generator is off by more than 5 % anywhere."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    priority = "real-time" if real_time() else "ordinary: other processes' load shows in the figures"
    rows = [measure(case, options.seed) for case in CASES]
    if options.json:
        print(json.dumps({"priority": priority, "rows": rows}, indent=2))
    else:
        print(f"priority: {priority}\n")
        print("| " + " | ".join(rows[0]) + " |\n|" + "---|" * len(rows[0]))
        for row in rows:
            print("| " + " | ".join("" if value is None else str(value) for value in row.values()) + " |")
    return int(any(abs(float(row["error"] or 0)) > LIMIT or row["faults"] or row["starved"] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
