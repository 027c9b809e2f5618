"""`python -m benchmarks.serving`: install the peers, run the comparisons interleaved, write docs/performance.md."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from benchmarks.serving import load, models, peers, report, rounds
from benchmarks.serving.cells import NATIVE, OURS
from benchmarks.serving.rounds import Bench, Samples

STARTS = 30
"""Of our server with and without counters, side by side."""
PAGE = peers.ROOT / "docs" / "performance.md"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds; medians of fewer than 5 say little")
    parser.add_argument("--seconds", type=int, default=3, help="length of each load")
    parser.add_argument("--only", default="", help="only the models whose name holds this: forest, logistic, pyfunc")
    parser.add_argument("--requests", type=int, default=1_000_000, help="how many to watch the memory for; 0: do not")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/performance.md")
    parser.add_argument("--folder", type=Path, default=peers.ROOT / ".tools" / "serving", help="environments, models")
    parser.add_argument("--counting", action="store_true", help="only what counting costs; four minutes")
    return parser.parse_args()


def main() -> None:
    """Run what the command line asks for."""
    asked = _arguments()
    load.needed()
    asked.folder.mkdir(parents=True, exist_ok=True)
    bench = Bench(asked.folder, asked.seconds, models.save(asked.folder))
    if asked.counting:
        row = report.counting(rounds.counting(bench, STARTS))
        print(row)
        if asked.write:
            report.write_row(PAGE, row)
        return
    for old in (*asked.folder.glob(f"*-{OURS}"), *asked.folder.glob(f"*-{NATIVE}")):
        shutil.rmtree(old)
    samples = Samples()
    for number in range(asked.rounds):
        print(f"round {number + 1} of {asked.rounds}", flush=True)
        rounds.run(bench, samples, asked.only)
    if asked.only in "forest":
        samples.counting = rounds.counting(bench, STARTS)
    grown = rounds.growth(bench, asked.requests // 10, asked.requests) if asked.requests else None
    text = report.page(samples, asked.rounds, grown, asked.requests)
    print(text)
    if asked.write:
        report.write(PAGE, text)


if __name__ == "__main__":
    main()
