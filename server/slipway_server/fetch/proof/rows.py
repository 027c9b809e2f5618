"""Rows to prove a conversion on: the holdout, the example, random rows, and rows on and beside tree thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from slipway_server.fetch.proof.categories import Categories
from slipway_server.fetch.trees import splits as trees
from slipway_server.foreign import ForeignError, foreign
from slipway_server.model.bundle import Signature
from slipway_server.model.inputs import Inputs

RANDOM_ROWS = 2000
UNHEARD_ROWS = 16
MAX_SPLITS = 2500
HOLDOUT = "holdout.parquet"
Matrix = NDArray[np.float64]
WHOLE = ("integer", "long")


class Ranges(NamedTuple):
    """The least and the greatest value to try, per column, and what encoders know of some columns, by their place."""

    low: Matrix
    high: Matrix
    coded: dict[int, Matrix]


def holdout(path: Path | None, names: Sequence[str]) -> Any:
    """The holdout's rows as a pandas frame of the named columns; None when there is none or it lacks a column."""
    if path is None or not path.exists():
        return None
    import pandas

    frame = pandas.read_parquet(path)
    return frame[list(names)] if set(names) <= set(frame.columns) else None


def matrix_sets(estimator: Any, known: Matrix, signature: Signature, categories: Categories) -> dict[str, Inputs]:
    """Return named sets of rows for a model of numbers only; `known` holds the rows that are known to be real."""
    rng = np.random.default_rng(20)
    columns = signature.matrix_columns
    ranges = _ranges(known, *_numeric_splits(estimator))
    coded = {index: _numbers(categories.known.get(column.name)) for index, column in enumerate(columns)}
    ranges = ranges._replace(coded={index: values for index, values in coded.items() if len(values)})
    sets = {"known": known.copy(), "random": _random(rng, ranges, RANDOM_ROWS), "extreme": _extreme(ranges)}
    sets["thresholds"] = _thresholds(estimator, rng, ranges)
    if ranges.coded:
        sets["unheard of"] = _unheard(rng, ranges)
    whole = [index for index, column in enumerate(columns) if column.type in WHOLE]
    for rows in sets.values():
        rows[:, whole] = np.rint(rows[:, whole])
    return {name: Inputs(len(rows), matrix=rows) for name, rows in sets.items() if len(rows)}


def _numbers(values: list[Any] | None) -> Matrix:
    real = [value for value in values or () if isinstance(value, int | float)]
    return np.array(real, dtype=np.float64)


def _numeric_splits(estimator: Any) -> tuple[NDArray[np.int64], Matrix]:
    """Splits in the space of the raw columns: those of a model without steps before its trees."""
    return trees.splits(estimator) if trees.alone(estimator) else (np.empty(0, np.int64), np.empty(0))


def _ranges(known: Matrix, features: NDArray[np.int64], values: Matrix) -> Ranges:
    """A column that is missing in every known row goes from its splits, or from 0."""
    empty = np.isnan(known).all(axis=0)
    low = np.where(empty, 0.0, np.nanmin(np.where(empty, 0.0, known), axis=0))
    high = np.where(empty, 0.0, np.nanmax(np.where(empty, 0.0, known), axis=0))
    np.minimum.at(low, features, values)
    np.maximum.at(high, features, values)
    room = np.where(high > low, high - low, np.maximum(np.abs(high), 1.0)) * 0.25
    return Ranges(low - room, high + room, {})


def _random(rng: np.random.Generator, ranges: Ranges, count: int) -> Matrix:
    rows = rng.uniform(ranges.low, ranges.high, size=(count, len(ranges.low)))
    return _coded(rng, ranges, rows)


def _coded(rng: np.random.Generator, ranges: Ranges, rows: Matrix) -> Matrix:
    """Columns that an encoder reads hold values that it knows."""
    for index, values in ranges.coded.items():
        rows[:, index] = rng.choice(values, len(rows))
    return rows


def _unheard(rng: np.random.Generator, ranges: Ranges) -> Matrix:
    """Rows with one value that its encoder does not know."""
    rows = _random(rng, ranges, UNHEARD_ROWS)
    places = rng.choice(list(ranges.coded), UNHEARD_ROWS)
    rows[np.arange(UNHEARD_ROWS), places] = [ranges.coded[place].max() + 1.0 + place for place in places.tolist()]
    return rows


def _extreme(ranges: Ranges) -> Matrix:
    width = len(ranges.low)
    constant = [np.full(width, value) for value in (0.0, -0.0, 1e6, -1e6, 1e-30)]
    return _coded(np.random.default_rng(20), ranges, np.vstack([ranges.low, ranges.high, *constant]))


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
        rows = _back(step, rows)
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


def _back(step: Any, rows: Matrix) -> Matrix:
    """What the step makes the rows of; an imputer, which refuses to go back, leaves whole rows as they are."""
    try:
        found: Matrix = foreign(step.inverse_transform, rows)
    except ForeignError:
        return rows
    return found


def _invertible(step: Any, width: int) -> bool:
    return hasattr(step, "inverse_transform") and getattr(step, "n_features_in_", -1) == width
