"""The proof: a compiled model answers as the original does, row by row, or it isn't served."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from slipway_server.fetch.proof.asked import Answer, answer, asked, part
from slipway_server.model.inputs import Inputs

SINGLES = 32
ENOUGH = 200
KNOWN = "known"  # the kind that holds real rows: the holdout's, or the example's
EVERY = "every"  # the kind that holds all rows that there are


class Counts(msgspec.Struct, frozen=True):
    """Rows of one kind: answered by both and compared, refused by both, refused by one and answered by the other."""

    compared: int = 0
    refused_by_both: int = 0
    refused_by_one: int = 0


class Proof(msgspec.Struct, frozen=True):
    """What was compared and how it came out; `worst` is the greatest difference of a score, as the tolerance counts.

    `nodes` is how many nodes of trees were read back from the graph and are the model's own.
    """

    holds: bool
    rows: dict[str, Counts]
    worst: float
    tolerance: float
    found: str = ""
    nodes: int = 0

    @property
    def compared(self) -> int:
        """How many rows both answered."""
        return sum(counts.compared for counts in self.rows.values())

    def and_then(self, other: Proof) -> Proof:
        """Both as one."""
        found = self.found or other.found
        rows = self.rows | other.rows
        return Proof(self.holds and other.holds, rows, max(self.worst, other.worst), self.tolerance, found)


class Sides(NamedTuple):
    """Who is compared. `refuses` says which rows the served side's reader refuses, before any model sees them.

    `probabilities` says that a row's several scores are shares of 1, whatever their size.
    """

    original: Answer
    compiled: Answer
    refuses: Callable[[Inputs], NDArray[np.bool_]] = lambda inputs: np.zeros(inputs.rows, dtype=bool)
    probabilities: bool = False


def prove(sides: Sides, sets: dict[str, Inputs], tolerance: float) -> Proof:
    """Compare both on every set, and for some rows one by one. Only rows that both answered count."""
    worst = 0.0
    rows: dict[str, Counts] = {}
    for name, inputs in sets.items():
        counts, found, difference = _compare(sides, inputs, tolerance)
        rows[name] = counts
        worst = max(worst, difference)
        found = found or (_of_real(counts) if name == KNOWN else "")
        if found:
            return Proof(False, rows, worst, tolerance, f"{name}: {found}")
    return Proof(True, rows, worst, tolerance)


def _of_real(counts: Counts) -> str:
    """What is amiss though nothing differs: real rows must be answered, by whatever is served."""
    if counts.refused_by_one:
        return f"the served side refuses {counts.refused_by_one} real rows that the original answers"
    return "" if counts.compared else "none of the real rows is answered by both"


def enough(proof: Proof) -> Proof:
    """The same proof, unless it rests on too few rows."""
    if not proof.holds or proof.compared >= ENOUGH or proof.rows.get(EVERY, Counts()).compared:
        return proof
    refused = sum(counts.refused_by_both for counts in proof.rows.values())
    found = f"only {proof.compared} rows could be compared, {ENOUGH} are needed; both refused {refused}"
    return msgspec.structs.replace(proof, holds=False, found=found)


def _compare(sides: Sides, inputs: Inputs, tolerance: float) -> tuple[Counts, str, float]:
    expected = asked(sides.original, inputs)
    ruled_out = sides.refuses(inputs)
    got = asked(sides.compiled, inputs, ~ruled_out)
    both = expected.answered & got.answered
    differently = (expected.answered & got.refused) | (expected.refused & got.answered)
    counts = Counts(
        compared=int(both.sum()),
        refused_by_both=int((expected.refused & (got.refused | ruled_out)).sum()),
        refused_by_one=int((differently | (expected.answered & ruled_out)).sum()),
    )
    if bool(differently.any()):
        words = f"{expected.refusal or 'answered'} / {got.refusal or 'answered'}"
        row = int(differently.argmax())
        return counts, f"one refuses what the other takes, row {row} for one: {words:.240}", 0.0
    if not counts.compared:
        return counts, "", 0.0
    ours = expected.of(both)
    found, worst = difference(ours, got.of(both), tolerance, sides.probabilities)
    if found:
        return counts, found, worst
    return counts, *_one_by_one(sides, part(inputs, both), ours, (tolerance, worst))


def _one_by_one(sides: Sides, inputs: Inputs, expected: NDArray[Any], limits: tuple[float, float]) -> tuple[str, float]:
    """A row's answer alone is its answer among others; `limits` are the tolerance and the worst so far."""
    tolerance, worst = limits
    chosen = list(range(0, inputs.rows, max(1, inputs.rows // SINGLES)))
    alone = []
    for index in chosen:
        one = answer(sides.compiled, part(inputs, slice(index, index + 1)))
        if isinstance(one, str):
            return f"row {index} alone: {one}", worst
        alone.append(one)
    if any(one.shape != expected[:1].shape for one in alone):
        return "a row alone is answered in another shape", worst
    found, difference_alone = difference(expected[chosen], np.concatenate(alone), tolerance, sides.probabilities)
    return found and f"rows alone: {found}", max(worst, difference_alone)


def difference(
    expected: NDArray[Any], got: NDArray[Any], tolerance: float, probabilities: bool = False
) -> tuple[str, float]:
    """Return what differs in words ("" for nothing) and the greatest difference of numbers.

    Labels must be equal, in value and in type. Scores may differ by `tolerance` times the greater of the score and
    its column's median; a probability's scale is 1.
    """
    if expected.shape != got.shape:
        return f"shape {got.shape} instead of {expected.shape}", 0.0
    if expected.dtype.kind != "f":
        same = expected.tolist() == got.tolist() and expected.dtype.kind == _kind(got, expected)
        wrong = int((expected.astype(object) != got.astype(object)).sum())
        types = f"labels are of type {got.dtype} instead of {expected.dtype}"
        return ("" if same else f"{wrong} of {expected.size} labels differ" if wrong else types), 0.0
    if got.dtype.kind != "f" or bool((np.isnan(expected) != np.isnan(got)).any()):
        return "scores are missing", 0.0
    size = np.abs(np.nan_to_num(expected))
    scale = np.maximum(size, 1.0 if probabilities and expected.ndim == 2 else np.median(size, axis=0))
    relative = np.abs(np.nan_to_num(expected) - np.nan_to_num(got)) / np.maximum(scale, np.finfo(np.float64).tiny)
    worst = float(relative.max(initial=0.0))
    return ("" if worst <= tolerance else f"scores differ by {worst:.2g}, more than {tolerance:g}"), worst


def _kind(got: NDArray[Any], expected: NDArray[Any]) -> str:
    """Strings come as objects from one side and as fixed width from the other; both are written alike."""
    return expected.dtype.kind if {got.dtype.kind, expected.dtype.kind} <= {"O", "U"} else got.dtype.kind
