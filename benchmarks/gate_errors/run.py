"""How often do the statistical gates decide wrongly? Simulated, with seeds; prints the tables of docs/gates.md.

    python benchmarks/gate_errors/run.py            about ten minutes on one core
    python benchmarks/gate_errors/run.py --only smoke delong

Every gate promises: a candidate that is exactly at the limit passes in at most 5 % of attempts. The exit code is 1 when
a share is above 5 % by more than three standard errors of the simulation.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import binom, norm

sys.path.insert(0, str(Path(__file__).parents[2] / "operator"))

from slipway.api.gates.specs import SmokeGate
from slipway.api.gates.verdict import Verdict
from slipway.api.policy import SLOW_RATIO
from slipway.gates.statistics import bootstrap, delong, smoke
from slipway.gates.statistics.binomial import upper_bound
from slipway.gates.statistics.figures import Unmeasurable, labels

ALPHA = 0.05
SMOKE_RUNS = 2000
DELONG_RUNS = 2000
BOOTSTRAP_RUNS = 300
BOOTSTRAP_RESAMPLES = 500


@dataclass(frozen=True)
class Line:
    """One line of a table. `promised`: the share may not be above 5 %."""

    text: str
    seeds: str
    passed: float
    runs: int
    promised: bool
    exact: float | None = None

    @property
    def broken(self) -> bool:
        """Whether the simulation contradicts the promise."""
        return self.promised and self.passed > ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / self.runs)


def smoke_lines() -> Iterator[Line]:
    """The smoke gate's own judge on simulated loads, beside the exact probability."""
    gate = SmokeGate()
    for n in (59, 300, 500, 1000):
        most = max(k for k in range(n) if upper_bound(k, n, smoke.CONFIDENCE) <= SLOW_RATIO)
        for slow in (0.01, 0.02, 0.03, 0.05, 0.07):
            passed = 0
            for seed in range(SMOKE_RUNS):
                late = np.random.default_rng(seed).random(n) < slow
                shots = tuple(smoke.Shot(0.3 if is_late else 0.1) for is_late in late)
                passed += smoke.judge(gate, smoke.SmokeReport(shots)).verdict is Verdict.PASS
            text = f"smoke, {n} requests, truly {slow:.0%} slow"
            exact = float(binom.cdf(most, n, slow))
            yield Line(text, f"0-{SMOKE_RUNS - 1}", passed / SMOKE_RUNS, SMOKE_RUNS, slow >= 0.05, exact)


def pair(rows: int, prevalence: float, gap: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels and two binormal scores, correlated 0.9, of AUC 0.80 (production) and 0.80 - gap (candidate)."""
    random = np.random.default_rng(seed)
    positive = random.random(rows) < prevalence
    shared = random.normal(size=rows) * math.sqrt(0.9)
    scores = []
    for auc in (0.80 - gap, 0.80):
        own = random.normal(size=rows) * math.sqrt(0.1)
        scores.append(shared + own + positive * math.sqrt(2) * norm.ppf(auc))
    return positive, scores[0], scores[1]


def delong_lines() -> Iterator[Line]:
    """Non-inferiority by DeLong at a margin of 0.01, for candidates as good as production and worse by the margin."""
    for rows, prevalence in ((500, 0.5), (2000, 0.1), (5000, 0.1), (20_000, 0.1)):
        for gap in (0.0, 0.01, 0.02):
            passed = 0
            for seed in range(DELONG_RUNS):
                seen = delong.compare(*pair(rows, prevalence, gap, seed), 0.95)
                passed += seen.lower >= -0.01
            text = f"DeLong, margin 0.01, {rows} rows, {prevalence:.0%} positive, AUC truly lower by {gap:g}"
            yield Line(text, f"0-{DELONG_RUNS - 1}", passed / DELONG_RUNS, DELONG_RUNS, gap >= 0.01)


def regression(rows: int, seed: int, spread: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Right answers and two predictions with errors of standard deviation `spread` (candidate) and 1 (production)."""
    random = np.random.default_rng(seed)
    right, shared = random.normal(size=rows), random.normal(size=rows)
    one, two = (math.sqrt(0.8) * shared + math.sqrt(0.2) * random.normal(size=rows) for _ in range(2))
    return right, right + spread * one, right + two


def bootstrap_lines() -> Iterator[Line]:
    """Non-inferiority of the mean absolute error by the bootstrap at a margin of 0.05."""
    one_sd = math.sqrt(2 / math.pi)
    for rows in (200, 1000):
        for gap in (0.0, 0.05):
            passed = 0
            for seed in range(BOOTSTRAP_RUNS):
                right, candidate, production = regression(rows, seed, 1 + gap / one_sd)
                try:
                    seen = bootstrap.compare("mae", labels(right, None), candidate, production, 0.95)
                except Unmeasurable:
                    continue
                passed += -seen.upper >= -0.05
            text = f"bootstrap, mae, margin 0.05, {rows} rows, error truly higher by {gap:g}"
            yield Line(text, f"0-{BOOTSTRAP_RUNS - 1}", passed / BOOTSTRAP_RUNS, BOOTSTRAP_RUNS, gap >= 0.05)


TABLES: dict[str, Callable[[], Iterator[Line]]] = {
    "smoke": smoke_lines,
    "delong": delong_lines,
    "bootstrap": bootstrap_lines,
}


def main() -> int:
    """Print the lines; 1 when a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(TABLES), default=list(TABLES))
    bootstrap.RESAMPLES = BOOTSTRAP_RESAMPLES
    broken = False
    print("| case | passes | exactly | runs | seeds | promised |\n|---|---|---|---|---|---|")
    for name in parser.parse_args().only:
        for line in TABLES[name]():
            exact = "" if line.exact is None else f"{line.exact:.1%}"
            promise = "" if not line.promised else "BROKEN" if line.broken else "≤ 5 %"
            row = f"| {line.text} | {line.passed:.1%} | {exact} | {line.runs} | {line.seeds} | {promise} |"
            print(row, flush=True)
            broken |= line.broken
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
