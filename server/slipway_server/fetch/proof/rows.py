"""Rows to prove a conversion on: the holdout, the example, random rows, and rows on and beside the model's jumps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from slipway_server.fetch.proof.categories import Categories
from slipway_server.fetch.proof.features import Interests
from slipway_server.fetch.proof.prove import KNOWN
from slipway_server.fetch.trees.splits import FLOAT32_MAX
from slipway_server.model.bundle import Column, Signature
from slipway_server.model.inputs import Inputs

RANDOM_ROWS = 2000
UNHEARD_ROWS = 16
MAX_SPECIAL = 15_000
HOLDOUT = "holdout.parquet"
Matrix = NDArray[np.float64]
WHOLE = ("integer", "long")
LIMITS = {"integer": 2.0**31 - 1, "long": 2.0**53}
CONSTANT = (0.0, -0.0, 1e6, -1e6, 1e-30)


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


def matrix_sets(interests: Interests, known: Matrix, signature: Signature, categories: Categories) -> dict[str, Inputs]:
    """Return named sets of rows for a model of numbers only; `known` holds the rows that are known to be real."""
    rng = np.random.default_rng(20)
    columns = signature.matrix_columns
    ranges = _ranges(known, interests)
    coded = {index: _numbers(categories.known.get(column.name)) for index, column in enumerate(columns)}
    ranges = ranges._replace(coded={index: values for index, values in coded.items() if len(values)})
    sets = {KNOWN: known.copy(), "random": _random(rng, ranges, RANDOM_ROWS), "extreme": _extreme(ranges)}
    sets["thresholds"] = _thresholds(special(interests, columns, categories), rng, ranges)
    if ranges.coded:
        sets["unheard of"] = _unheard(rng, ranges)
    whole = [index for index, column in enumerate(columns) if column.type in WHOLE]
    for rows in sets.values():
        rows[:, whole] = np.rint(rows[:, whole])
    return {name: Inputs(len(rows), matrix=rows) for name, rows in sets.items() if len(rows)}


def _numbers(values: list[Any] | None) -> Matrix:
    real = [value for value in values or () if isinstance(value, int | float)]
    return np.array(real, dtype=np.float64)


def _ranges(known: Matrix, interests: Interests) -> Ranges:
    """A column goes as far as its known values and the model's jumps; from 0 where there is neither."""
    empty = np.isnan(known).all(axis=0)
    low = np.where(empty, 0.0, np.nanmin(np.where(empty, 0.0, known), axis=0))
    high = np.where(empty, 0.0, np.nanmax(np.where(empty, 0.0, known), axis=0))
    for place, found in interests.jumps.items():
        values = [value for value in found if not isinstance(value, str) and abs(value) < FLOAT32_MAX]
        low[place], high[place] = min([low[place], *values]), max([high[place], *values])
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
    constant = [np.full(width, value) for value in CONSTANT]
    return _coded(np.random.default_rng(20), ranges, np.vstack([ranges.low, ranges.high, *constant]))


def special(of: Interests, columns: Sequence[Column], categories: Categories) -> list[tuple[int, Any]]:
    """Pairs of a column's place and a value of interest that a request may hold there: at most `MAX_SPECIAL`, drawn.

    What an encoder refuses is left to `unheard of`: the reader refuses it before.
    """
    found: list[tuple[int, Any]] = []
    for place, column in enumerate(columns):
        allowed = categories.only.get(column.name)
        values = _possible(of.of(place), column)
        found += [(place, value) for value in values if allowed is None or value in allowed]
    chosen = np.random.default_rng(22).permutation(len(found))[:MAX_SPECIAL]
    return [found[index] for index in chosen.tolist()]


def _possible(values: list[Any], column: Column) -> list[Any]:
    """The values, once each, that a column of its type can hold; beside a fraction, the whole numbers around it."""
    if column.type in ("string", "boolean"):
        return sorted({value for value in values if isinstance(value, str) and column.type == "string"})
    real = np.array([value for value in values if not isinstance(value, str)], dtype=np.float64)
    if column.type in WHOLE:
        real = np.concatenate([np.floor(real), np.ceil(real)])
    limit = LIMITS.get(column.type, FLOAT32_MAX)
    found: list[Any] = np.unique(real[np.abs(real) <= limit]).tolist()
    return found


def _thresholds(pairs: list[tuple[int, Any]], rng: np.random.Generator, ranges: Ranges) -> Matrix:
    """Rows with one value on a jump of the model's, or beside it."""
    rows = _random(rng, ranges, len(pairs))
    if pairs:
        rows[np.arange(len(rows)), [place for place, _ in pairs]] = [value for _, value in pairs]
    return rows
