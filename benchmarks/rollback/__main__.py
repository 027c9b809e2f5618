"""`python -m benchmarks.rollback`: how long callers get the bad version after production was taken back.

Seconds from the return of the command to the last answer of the bad version, on connections opened for one request, and
for Slipway also on kept ones. Each way in turn, several times over, so that all meet the same noise. `--write` replaces
the section of docs/performance.md; the raw samples go to artifacts/rollback.json.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict

from tests.e2e import gateway

from benchmarks import page
from benchmarks.delivery.contestants import Argo, Bare, Contestant, Slipway, Undo
from benchmarks.delivery.stage import Stage, stage
from benchmarks.rollback.report import report
from benchmarks.rollback.samples import Batch, Sample, take

RATE = 250.0
"""New connections a second: a sample is 4 ms too long at most."""
KEPT_RATE, KEPT_SECONDS = 100.0, 8.0
"""Requests a second on kept connections, and how long after each move they are looked at."""


HOST = "bench.example"


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=30, help="rollbacks of each way (a third of it for undo)")
    parser.add_argument("--rounds", type=int, default=3, help="turns in which they are taken")
    parser.add_argument("--write", action="store_true", help="write the table into docs/performance.md")
    asked = parser.parse_args()
    with stage() as ready:
        samples = compare(ready, asked.samples // asked.rounds, asked.rounds)
    with stage(traffic=gateway.traffic(HOST)) as ready:
        samples += behind_a_gateway(ready, asked.samples)
    page.keep("rollback", [asdict(sample) for sample in samples])
    text = report(samples)
    print(text)
    if asked.write:
        page.write("rollback", text)


def compare(ready: Stage, count: int, rounds: int) -> list[Sample]:
    """`count` samples of every contestant in each of `rounds` turns; fewer where each takes many seconds."""
    ours, *peers = list[Contestant]((Slipway(ready), Bare(ready), Argo(ready), Undo(ready)))
    for contestant in (ours, *peers):
        contestant.prepare()
    found: list[Sample] = []
    for _ in range(rounds):
        for contestant in (ours, *peers):
            fewer = max(2, count // 3) if isinstance(contestant, Undo) else count
            found += take(ready, Batch(contestant, "fresh", RATE, fewer, 0.6))
        found += take(ready, Batch(ours, "kept", KEPT_RATE, max(2, count // 3), KEPT_SECONDS))
    return found


def behind_a_gateway(ready: Stage, count: int) -> list[Sample]:
    """`count` samples of each kind of client of a release with the Gateway router."""
    ours = Slipway(ready, "Slipway, Gateway router", HOST)
    fresh = take(ready, Batch(ours, "fresh", RATE, count, 0.6))
    return fresh + take(ready, Batch(ours, "kept", RATE, count, 0.6))


if __name__ == "__main__":
    main()
