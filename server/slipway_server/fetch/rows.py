"""Rows to prove a conversion on: the holdout, the example, random rows, and rows on and beside tree thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from slipway_server.bundle import Column, Signature
from slipway_server.fetch import trees
from slipway_server.fetch.categories import Categories
from slipway_server.predictor.inputs import Inputs

RANDOM_ROWS = 2000
MAX_SPLITS = 2500
HOLDOUT = "holdout.parquet"
Matrix = NDArray[np.float64]


class Ranges(NamedTuple):
    """The least and the greatest value to try, per column."""

    low: Matrix
    high: Matrix


def holdout(path: Path | None, names: Sequence[str]) -> Any:
    """The holdout's rows as a pandas frame of the named columns; None when there is none or it lacks a column."""
    if path is None or not path.exists():
        return None
    import pandas

    frame = pandas.read_parquet(path)
    return frame[list(names)] if set(names) <= set(frame.columns) else None


def matrix_sets(estimator: Any, known: Matrix, signature: Signature, *, missing: bool) -> dict[str, Inputs]:
    """Return named sets of rows for a model of numbers only; `known` holds the rows that are known to be real."""
    rng = np.random.default_rng(20)
    ranges = _ranges(known, *_numeric_splits(estimator))
    sets = {"known": known.copy(), "random": _random(rng, ranges, RANDOM_ROWS), "extreme": _extreme(ranges)}
    sets["thresholds"] = _thresholds(estimator, rng, ranges)
    if missing:
        holes = sets["random"].copy()
        holes[rng.random(holes.shape) < 0.1] = np.nan
        sets["missing"] = holes
    whole = [index for index, column in enumerate(signature.matrix_columns) if column.type in ("integer", "long")]
    for rows in sets.values():
        rows[:, whole] = np.rint(rows[:, whole])
    return {name: Inputs(len(rows), matrix=rows) for name, rows in sets.items() if len(rows)}


def _numeric_splits(estimator: Any) -> tuple[NDArray[np.int64], Matrix]:
    """Splits in the space of the raw columns: those of a model without steps before its trees."""
    return trees.splits(estimator) if trees.alone(estimator) else (np.empty(0, np.int64), np.empty(0))


def _ranges(known: Matrix, features: NDArray[np.int64], values: Matrix) -> Ranges:
    low, high = np.nanmin(known, axis=0), np.nanmax(known, axis=0)
    np.minimum.at(low, features, values)
    np.maximum.at(high, features, values)
    room = np.where(high > low, high - low, np.maximum(np.abs(high), 1.0)) * 0.25
    return Ranges(low - room, high + room)


def _random(rng: np.random.Generator, ranges: Ranges, count: int) -> Matrix:
    return rng.uniform(ranges.low, ranges.high, size=(count, len(ranges.low)))


def _extreme(ranges: Ranges) -> Matrix:
    width = len(ranges.low)
    constant = [np.full(width, value) for value in (0.0, -0.0, 1e6, -1e6, 1e-30)]
    return np.vstack([ranges.low, ranges.high, *constant])


def _thresholds(estimator: Any, rng: np.random.Generator, ranges: Ranges) -> Matrix:
    """Rows with one value on a split, at its float32, and one step of either precision to its sides."""
    features, values = trees.splits(estimator)
    before = trees.steps(estimator)[:-1]
    if not len(features) or not all(_invertible(step, len(ranges.low)) for step in before):
        return np.empty((0, len(ranges.low)))
    chosen = rng.permutation(len(features))[:MAX_SPLITS]
    features, values = features[chosen], values[chosen]
    rows = _random(rng, ranges, len(chosen))
    for step in before:
        rows = step.transform(rows)
    beside = around(values)
    rows = np.repeat(rows, beside.shape[1], axis=0)
    rows[np.arange(len(rows)), np.repeat(features, beside.shape[1])] = beside.ravel()
    for step in reversed(before):
        rows = step.inverse_transform(rows)
    return np.ascontiguousarray(rows)


def around(values: Matrix) -> Matrix:
    """For each value: itself, its float32, and the neighbours of both. Shape (n,) to (n, 6)."""
    narrow = values.astype(np.float32)
    return np.column_stack(
        [
            values,
            np.nextafter(values, np.inf),
            np.nextafter(values, -np.inf),
            narrow,
            np.nextafter(narrow, np.float32(np.inf)),
            np.nextafter(narrow, np.float32(-np.inf)),
        ]
    )


def _invertible(step: Any, width: int) -> bool:
    return hasattr(step, "inverse_transform") and getattr(step, "n_features_in_", -1) == width


def column_sets(known: Inputs, signature: Signature, categories: Categories, *, missing: bool) -> dict[str, Inputs]:
    """Return named sets of rows for a model with columns of several types; `known` are real rows."""
    rng = np.random.default_rng(20)
    real = known.columns or {}
    mixed = {column.name: _mixed(rng, real[column.name], column, categories) for column in signature.columns}
    sets = {"known": known, "random": Inputs(RANDOM_ROWS, columns=mixed)}
    if missing:
        kinds = {column.name: column.type for column in signature.columns}
        holes = {n: _holed(rng, v) if kinds[n] in ("float", "double") else v for n, v in mixed.items()}
        sets["missing"] = Inputs(RANDOM_ROWS, columns=holes)
    return sets


def _holed(rng: np.random.Generator, values: NDArray[Any]) -> NDArray[Any]:
    return np.where(rng.random(len(values)) < 0.1, np.nan, values)


def _mixed(rng: np.random.Generator, real: NDArray[Any], column: Column, categories: Categories) -> NDArray[Any]:
    """Random values of one column; where the model takes any word, one that nobody knows is among them."""
    if column.type == "boolean":
        return rng.random(RANDOM_ROWS) < 0.5
    words = [*real.tolist(), *categories.known.get(column.name, []), "unheard of"]
    values = categories.only.get(column.name) or (words if column.type == "string" else None)
    if values is not None:
        drawn = np.empty(RANDOM_ROWS, dtype=object)
        drawn[:] = [values[index] for index in rng.integers(len(values), size=RANDOM_ROWS)]
        return drawn if column.type == "string" else drawn.astype(real.dtype)
    low, high = float(np.nanmin(real)), float(np.nanmax(real))
    room = 0.25 * (high - low) + 1.0
    numbers = rng.uniform(low - room, high + room, RANDOM_ROWS)
    return np.rint(numbers).astype(real.dtype) if column.type in ("integer", "long") else numbers
