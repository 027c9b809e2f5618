"""The proof: a compiled model answers as the original does, row by row, or it isn't served."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from slipway_server.errors import RequestError
from slipway_server.foreign import ForeignError, foreign
from slipway_server.predictor.inputs import Inputs

SINGLES = 32
Answer = Callable[[Inputs], Any]


class Proof(msgspec.Struct, frozen=True):
    """What was compared and how it came out; `worst` is the greatest difference of a score, as the tolerance counts."""

    holds: bool
    rows: dict[str, int]
    worst: float
    tolerance: float
    found: str = ""


def prove(original: Answer, compiled: Answer, sets: dict[str, Inputs], tolerance: float) -> Proof:
    """Compare both on every set, as one batch and, for some rows, one by one."""
    worst = 0.0
    rows: dict[str, int] = {}
    for name, inputs in sets.items():
        rows[name] = inputs.rows
        found, difference = _compare(original, compiled, inputs, tolerance)
        worst = max(worst, difference)
        if found:
            return Proof(False, rows, worst, tolerance, f"{name}: {found}")
    return Proof(True, rows, worst, tolerance)


def _compare(original: Answer, compiled: Answer, inputs: Inputs, tolerance: float) -> tuple[str, float]:
    expected = _answer(original, inputs)
    got = _answer(compiled, inputs)
    if isinstance(expected, str) or isinstance(got, str):
        agree = isinstance(expected, str) and isinstance(got, str)
        return ("" if agree else f"one refuses what the other takes: {expected!s:.100} / {got!s:.100}"), 0.0
    found, worst = difference(expected, got, tolerance)
    for index in range(0, inputs.rows if not found else 0, max(1, inputs.rows // SINGLES)):
        one = _answer(compiled, _row(inputs, index))
        if isinstance(one, str):
            return f"row {index} alone: {one}", worst
        found, alone = difference(expected[index : index + 1], one, tolerance)
        worst = max(worst, alone)
        if found:
            return f"row {index} alone: {found}", worst
    return found, worst


def _answer(ask: Answer, inputs: Inputs) -> NDArray[Any] | str:
    """The answer, or in words that there was none: any library may raise anything for rows it does not like."""
    try:
        return np.asarray(foreign(ask, inputs))
    except (ForeignError, RequestError) as error:
        return str(error)


def difference(expected: NDArray[Any], got: NDArray[Any], tolerance: float) -> tuple[str, float]:
    """Return what differs in words ("" for nothing) and the greatest difference of numbers.

    Labels must be equal, in value and in type. Scores may differ by `tolerance` times the greater of the score and
    the scores' median; a probability's scale is 1.
    """
    if expected.shape != got.shape:
        return f"shape {got.shape} instead of {expected.shape}", 0.0
    if expected.dtype.kind != "f":
        same = expected.tolist() == got.tolist() and expected.dtype.kind == _kind(got, expected)
        wrong = int((expected.astype(object) != got.astype(object)).sum())
        return ("" if same else f"{wrong} of {expected.size} labels differ"), 0.0
    if got.dtype.kind != "f" or bool((np.isnan(expected) != np.isnan(got)).any()):
        return "scores are missing", 0.0
    size = np.abs(np.nan_to_num(expected))
    scale = np.maximum(size, 1.0 if size.max(initial=0.0) <= 1.0 and expected.ndim == 2 else np.median(size))
    relative = np.abs(np.nan_to_num(expected) - np.nan_to_num(got)) / np.maximum(scale, np.finfo(np.float64).tiny)
    worst = float(relative.max(initial=0.0))
    return ("" if worst <= tolerance else f"scores differ by {worst:.2g}, more than {tolerance:g}"), worst


def _kind(got: NDArray[Any], expected: NDArray[Any]) -> str:
    """Strings come as objects from one side and as fixed width from the other; both are written alike."""
    return expected.dtype.kind if {got.dtype.kind, expected.dtype.kind} <= {"O", "U"} else got.dtype.kind


def _row(inputs: Inputs, index: int) -> Inputs:
    part = slice(index, index + 1)
    matrix = None if inputs.matrix is None else inputs.matrix[part]
    columns = None if inputs.columns is None else {name: values[part] for name, values in inputs.columns.items()}
    return Inputs(1, matrix=matrix, columns=columns, params=inputs.params)
