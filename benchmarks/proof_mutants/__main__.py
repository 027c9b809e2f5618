"""Does the proof refuse a wrong conversion? Mutants of right ones, with seeds; prints the table of docs/serving.md.

    python -m benchmarks.proof_mutants                        about five minutes on one core
    python -m benchmarks.proof_mutants --kind "scaler left out" --family "scaled ridge" --mutants 10

A mutant of a missing branch is refused, too, when missing values are: a request with null gets 400 then. The exit code
is 1 when fewer than 99 % of a kind are refused, not counting those that answer 4,000 rows as the right conversion does.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import os
import sys
import warnings
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
sys.path.insert(0, str(Path(__file__).parents[2] / "server"))

import numpy as np

from benchmarks.proof_mutants.families import FAMILIES, Honest, honest
from benchmarks.proof_mutants.mutants import KINDS, mutants
from slipway_server.fetch.compile.compile import Held, proved
from slipway_server.fetch.proof import missing
from slipway_server.fetch.proof.asked import answer
from slipway_server.fetch.proof.prove import difference
from slipway_server.model.inputs import joined
from slipway_server.predictor.onnx import OnnxPredictor

SEEDS = 5
MUTANTS = 40
SHARE = 0.99


class Line(NamedTuple):
    """One line of the table: of how many mutants were how many refused, and what of the others."""

    kind: str
    family: str
    tried: int
    refused: int
    same: int
    others: tuple[str, ...]


def refused(right: Honest, content: bytes) -> str:
    """Why a mutant is not served for all that the right conversion is served for; "" where it is."""
    found = proved(right.job, right.candidate._replace(content=content), right.evidence)
    if isinstance(found, Held):
        lost = set(right.held.missing) - set(found.missing)
        return f"missing values in {sorted(lost)} are refused" if lost else ""
    return found


def same(right: Honest, content: bytes) -> bool:
    """Whether a mutant answers 4,000 random rows, half of them with holes, as the right conversion does."""
    compiled, columns, method = (
        right.candidate.compiled,
        right.job.bundle.signature.columns,
        right.job.bundle.predict_fn,
    )
    sides = [OnnxPredictor(each, compiled, columns, method) for each in (right.candidate.content, content)]
    whole = right.evidence.sets["random"]
    holed = missing.with_holes(whole, right.job.bundle.signature, right.held.missing)
    answers = [answer(side.predict, joined([whole, holed])) for side in sides]
    return not isinstance(answers[1], str) and not difference(*answers, 1e-6, np.ndim(answers[0]) == 2)[0]


def line(kind: str, family: str, count: int) -> Line:
    """Try `count` mutants of one kind on models of one family."""
    refusals, equal, others = 0, 0, []
    for seed in range(SEEDS):
        right = honest(family, seed)
        for told, content in itertools.islice(mutants(right.candidate.content, kind, seed), -(-count // SEEDS)):
            if refused(right, content):
                refusals += 1
            elif same(right, content):
                equal += 1
                others.append(f"seed {seed}, {told}: answers alike")
            else:
                others.append(f"seed {seed}, {told}: answers otherwise")
    return Line(kind, family, SEEDS * -(-count // SEEDS), refusals, equal, tuple(others))


def main() -> int:
    """Print the table as it grows; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kind", choices=KINDS, action="append")
    parser.add_argument("--family", choices=FAMILIES, action="append")
    parser.add_argument("--mutants", type=int, default=MUTANTS)
    asked: Any = parser.parse_args()
    lines: list[Line] = []
    print("| what was changed | model | mutants | refused | answer alike | served and otherwise |")
    print("|---|---|---|---|---|---|")
    for kind, (_, families) in KINDS.items():
        for family in families:
            if kind in (asked.kind or KINDS) and family in (asked.family or FAMILIES):
                lines.append(line(kind, family, asked.mutants))
                _, _, tried, count, equal, others = lines[-1]
                print(f"| {kind} | {family} | {tried} | {count} | {equal} | {tried - count - equal} |", flush=True)
                for other in others:
                    print(f"{kind}, {family}, {other}", file=sys.stderr, flush=True)
    return _judged(lines)


def _judged(lines: list[Line]) -> int:
    worst = 1.0
    for kind in dict.fromkeys(each.kind for each in lines):
        of_kind = [each for each in lines if each.kind == kind]
        tried = sum(each.tried - each.same for each in of_kind)
        share = sum(each.refused for each in of_kind) / tried if tried else 1.0
        print(f"{kind}: {share:.2%} of {tried} mutants that answer otherwise are refused")
        worst = min(worst, share)
    return int(worst < SHARE)


if __name__ == "__main__":
    logging.getLogger("mlflow").setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore")
    sys.exit(main())
