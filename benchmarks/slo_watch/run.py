"""How often does the SLO watch decide wrongly, and how soon rightly? Simulated, with seeds: the tables of docs/slo.md.

    python benchmarks/slo_watch/run.py             about a minute on one core
    python benchmarks/slo_watch/run.py --write     and puts the tables into docs/slo.md

The operator's own counting and judgement run on simulated pods that are read as often as the operator reads them:
requests arrive open loop (Poisson), and what the candidate answers between a breach and traffic leaving it counts too.
The exit code is 1 when healthy canaries are taken back in more than 5 % of the releases, or when the median of what a
canary with 15 % slow answers serves is more than 100 requests.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "operator"))

from slipway.api.policy import SLO
from slipway.api.revision import Counted, Watched
from slipway.gates.watch.slo import MIN_REQUESTS, SloState, judge
from slipway.plan.production.counting import added, counted_beside
from slipway.plan.production.watching import READ_SECONDS
from slipway.plan.situation.observed import Counters

RATE = 50.0
"""Requests a second to production and candidate together."""
REACTION_SECONDS = 0.5
"""From the reading that shows a breach to no request reaching the candidate: generous, see benchmarks/rollback."""
CANARY_SECONDS, WATCH_SECONDS = 600.0, 600.0
PODS = 2
RELEASES, BAD_RELEASES, SHARED = 200, 20, 100
MOST_FALSE, MOST_SERVED = 0.05, 100
START, END = "<!-- slo_watch: begin -->", "<!-- slo_watch: end -->"


@dataclass(frozen=True)
class Side:
    """How the pods of one revision behave: shares of slow answers and of errors; `burst`: slow ones come together."""

    slow: float = 0.0
    errors: float = 0.0
    burst: bool = False


@dataclass
class Pods:
    """The pods of one revision, with counters since their start."""

    side: Side
    prefix: str
    rng: np.random.Generator

    def __post_init__(self) -> None:
        self.totals = np.zeros((PODS, 3), dtype=int)

    def serve(self, rate: float, seconds: float) -> int:
        """Answer what arrives in `seconds` at `rate` a second; how many requests that were."""
        requests = self.rng.poisson(rate * seconds / PODS, PODS)
        slow = self.rng.binomial(requests, self._slow())
        errors = self.rng.binomial(requests, self.side.errors)
        self.totals += np.stack([requests, slow, errors], axis=1)
        return int(requests.sum())

    def _slow(self) -> float:
        """In bursts, one reading in ten has most of the slow answers; the share over all is the same."""
        if not self.side.burst:
            return self.side.slow
        return self.side.slow * (6.0 if self.rng.random() < 0.1 else 4 / 9)

    def read(self) -> dict[str, Counters]:
        """What the pods show."""
        return {f"{self.prefix}{number}": Counters(*map(int, row)) for number, row in enumerate(self.totals)}


@dataclass(frozen=True)
class End:
    """How a simulated release ended."""

    state: SloState
    served: int
    """Requests that the candidate answered, up to traffic leaving it."""
    naive: bool
    """Whether polling "more than 5 % are slow" would have taken it back."""


def canary(candidate: Side, production: Side, weight: float, seed: int, seconds: float = CANARY_SECONDS) -> End:
    """A canary at `weight` (0 to 1), judged at every reading until something but Healthy is said, or time is over."""
    rng = np.random.default_rng(seed)
    ours, theirs, seen = Pods(candidate, "c", rng), Pods(production, "p", rng), Watched()
    served, naive, state = 0, False, SloState.NO_DATA
    for _ in range(int(seconds / READ_SECONDS)):
        seen = counted_beside(seen, ours.read(), theirs.read())
        state = judge(SLO(), seen, seen.production).state
        naive = naive or (seen.requests >= MIN_REQUESTS and seen.slow > 0.05 * seen.requests)
        if state in (SloState.BREACH, SloState.EVERYTHING_BAD):
            return End(state, served + ours.serve(RATE * weight, REACTION_SECONDS), naive)
        served += ours.serve(RATE * weight, READ_SECONDS)
        theirs.serve(RATE * (1 - weight), READ_SECONDS)
    return End(state, served, naive)


def watch(candidate: Side, record: Counted, seed: int, seconds: float = WATCH_SECONDS) -> End:
    """The watch after a flip, against what production did before it."""
    rng = np.random.default_rng(seed)
    pods, seen, served, naive, state = Pods(candidate, "c", rng), Watched(), 0, False, SloState.NO_DATA
    for _ in range(int(seconds / READ_SECONDS)):
        seen = added(seen, pods.read())
        state = judge(SLO(), seen, record).state
        naive = naive or (seen.requests >= MIN_REQUESTS and seen.slow > 0.05 * seen.requests)
        if state in (SloState.BREACH, SloState.EVERYTHING_BAD):
            return End(state, served + pods.serve(RATE, REACTION_SECONDS), naive)
        served += pods.serve(RATE, READ_SECONDS)
    return End(state, served, naive)


def record(side: Side, seed: int) -> Counted:
    """A minute of production before the flip."""
    rng = np.random.default_rng(seed)
    requests = int(rng.poisson(RATE * 60))
    return Counted(requests=requests, slow=int(rng.binomial(requests, side.slow)))


def whole(side: Side, seed: int) -> tuple[bool, bool]:
    """A release of ten minutes at 10 % and ten minutes of watch: taken back by the watch, by the naive rule."""
    before = canary(side, Side(0.03), 0.1, seed)
    after = watch(side, record(Side(0.03), seed + 1), seed + 2)
    return SloState.BREACH in (before.state, after.state), before.naive or after.naive


def false_lines() -> Iterator[tuple[str, float]]:
    """Lines of the first table, and the share that the first of them promises."""
    yield "| a canary at 10 % for 10 min, then watched for 10 min | taken back | by polling for more than 5 % |", -1.0
    yield "|---|---|---|", -1.0
    cases = (("3 % slow: healthy", Side(0.03)), ("5 % slow: exactly at its objective", Side(0.05)))
    for name, side in (*cases, ("3 % slow, in bursts of 18 %", Side(0.03, burst=True))):
        ends = [whole(side, 1000 * number) for number in range(RELEASES)]
        wrong, naive = (sum(end[which] for end in ends) / len(ends) for which in (0, 1))
        yield f"| {name} | {wrong:.1%} of {RELEASES} | {naive:.1%} |", wrong


def detection_lines() -> Iterator[tuple[str, float]]:
    """Lines of the second table, and the median that each shows."""
    yield "| bad canary at 10 % of 50 requests/s, production 3 % slow | requests it served: median | most of 20 |", -1.0
    yield "|---|---|---|", -1.0
    sides = [(f"{share:.0%} slow", Side(share)) for share in (0.15, 0.10, 0.25, 0.50)]
    sides += [(f"{share:.0%} errors", Side(0.03, share)) for share in (0.03, 0.05, 0.10)]
    for name, side in sides:
        ends = [canary(side, Side(0.03), 0.1, number, 3600.0) for number in range(BAD_RELEASES)]
        served = [end.served for end in ends if end.state is SloState.BREACH]
        missed = f" ({len(ends) - len(served)} not found in an hour)" if len(served) < len(ends) else ""
        yield f"| {name} | {median(served):.0f}{missed} | {max(served)} |", median(served)


def shared_lines() -> Iterator[str]:
    """Lines of the third table: who is blamed when everything is bad, and when only the candidate is."""
    yield "| 15 % slow | everything is: halted | only the candidate is: taken back |"
    yield "|---|---|---|"
    for weight in (0.1, 0.5, 0.9):
        halted = _share(
            [canary(Side(0.15), Side(0.15), weight, n).state for n in range(SHARED)], SloState.EVERYTHING_BAD
        )
        back = _share([canary(Side(0.15), Side(0.03), weight, n).state for n in range(SHARED)], SloState.BREACH)
        yield f"| canary at {weight:.0%} | {halted:.0%} | {back:.0%} |"
    halted = _share([watch(Side(0.15), record(Side(0.15), n), n).state for n in range(SHARED)], SloState.EVERYTHING_BAD)
    back = _share([watch(Side(0.15), record(Side(0.03), n), n).state for n in range(SHARED)], SloState.BREACH)
    yield f"| after the flip, against a minute before it | {halted:.0%} | {back:.0%} |"


def _share(states: list[SloState], wanted: SloState) -> float:
    return sum(state is wanted for state in states) / len(states)


def main() -> int:
    """Print the tables; 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/slo.md")
    write = parser.parse_args().write
    false, found = list(false_lines()), list(detection_lines())
    tables = [[line for line, _ in false], [line for line, _ in found], list(shared_lines())]
    text = "\n\n".join("\n".join(table) for table in tables)
    sys.stdout.write(text + "\n")
    if write:
        page = Path(__file__).parents[2] / "docs" / "slo.md"
        before, rest = page.read_text().split(START)
        page.write_text(f"{before}{START}\n{text}\n{END}{rest.split(END)[1]}")
    broken = false[2][1] > MOST_FALSE or found[2][1] > MOST_SERVED
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
