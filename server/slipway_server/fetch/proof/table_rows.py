"""Rows to prove a conversion on, for models whose columns are of several types."""

from __future__ import annotations

import itertools
import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from slipway_server.fetch.proof.categories import Categories
from slipway_server.fetch.proof.features import Interests
from slipway_server.fetch.proof.prove import EVERY, KNOWN
from slipway_server.fetch.proof.rows import CONSTANT, RANDOM_ROWS, UNHEARD_ROWS, WHOLE, special
from slipway_server.fetch.proof.words import texts
from slipway_server.model.bundle import Column, Signature
from slipway_server.model.inputs import Inputs

TEXT_ROWS = 600
EXTREME_ROWS = 40
UNHEARD = "unheard of"
_DTYPES: dict[str, Any] = {
    "boolean": np.bool_,
    "integer": np.int32,
    "long": np.int64,
    "float": np.float32,
    "double": np.float64,
}
Values = NDArray[Any]


class _Known(NamedTuple):
    """One column: what is known of its values, and whether its encoder refuses all others."""

    column: Column
    real: Values
    coded: list[Any]
    strict: bool


def column_sets(interests: Interests, known: Inputs, signature: Signature, categories: Categories) -> dict[str, Inputs]:
    """Return named sets of rows; `known` are real rows, and no other set has a missing value."""
    rng = np.random.default_rng(20)
    real = known.columns or {}
    columns = [
        _Known(each, real[each.name], _present(categories.known.get(each.name, [])), each.name in categories.only)
        for each in signature.columns
    ]
    every = _every(columns)
    drawn = {each.column.name: _drawn(rng, each, RANDOM_ROWS) for each in columns}
    sets = {KNOWN: known, **({EVERY: every} if every else {"random": Inputs(RANDOM_ROWS, columns=drawn)})}
    sets |= _extreme(rng, columns)
    sets |= _thresholds(rng, columns, special(interests, signature.columns, categories))
    coded = [each for each in columns if each.coded]
    if coded:
        sets[UNHEARD] = _with_unheard(rng, coded, _first(drawn, UNHEARD_ROWS))
    free = [each.column.name for each in columns if each.column.type == "string" and not each.strict]
    if free:
        words = categories.words + [v for name in free for v in categories.known.get(name, []) if isinstance(v, str)]
        spoken = {name: texts(rng, words, TEXT_ROWS) for name in free}
        sets["texts"] = Inputs(TEXT_ROWS, columns={**_first(drawn, TEXT_ROWS), **spoken})
    return sets


def typed(values: Any, column: Column) -> Values:
    """A column as a request's reader hands it on."""
    array = np.asarray(values)
    if column.type not in _DTYPES:
        found = np.empty(len(array), dtype=object)
        found[:] = [None if value is None or value != value else value for value in array.tolist()]
        return found
    if array.dtype.kind == "O":
        array = np.array([np.nan if value is None else value for value in array.tolist()], dtype=np.float64)
    holes = array.dtype.kind == "f" and bool(np.isnan(array).any())
    return array.astype(np.float64 if holes and column.type != "float" else _DTYPES[column.type])


def _present(values: list[Any]) -> list[Any]:
    return [value for value in values if value is not None and value == value]


def _first(columns: dict[str, Values], count: int) -> dict[str, Values]:
    return {name: values[:count] for name, values in columns.items()}


def _every(columns: list[_Known]) -> Inputs | None:
    """All rows that there are, where every column has few values."""
    values = [[False, True] if each.column.type == "boolean" else each.coded * each.strict for each in columns]
    if not all(values) or math.prod(map(len, values)) > RANDOM_ROWS:
        return None
    rows = list(itertools.product(*values))
    named = zip(columns, zip(*rows, strict=True), strict=True)
    return Inputs(len(rows), columns={each.column.name: typed(_objects(found), each.column) for each, found in named})


def _objects(values: Any) -> Values:
    found = np.empty(len(values), dtype=object)
    found[:] = list(values)
    return found


def _drawn(rng: np.random.Generator, known: _Known, count: int) -> Values:
    """Random values of one column, such as the model has met, and numbers from a little beyond those."""
    column, real = known.column, known.real
    if column.type == "boolean":
        return rng.random(count) < 0.5
    values = known.coded if known.strict else [*_present(real.tolist()), *known.coded]
    if column.type == "string" or known.coded:
        values = values or [UNHEARD]
        return typed(_objects([values[index] for index in rng.integers(len(values), size=count)]), column)
    finite = real[~np.isnan(real.astype(np.float64))]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)
    room = 0.25 * (high - low) + 1.0
    numbers = rng.uniform(low - room, high + room, count)
    return typed(np.rint(numbers) if column.type in WHOLE else numbers, column)


def _extreme(rng: np.random.Generator, columns: list[_Known]) -> dict[str, Inputs]:
    """Rows in which all numbers that are no names are zero at once, large or tiny."""
    numbers = [each for each in columns if each.column.type not in ("string", "boolean") and not each.coded]
    rows = {each.column.name: _drawn(rng, each, EXTREME_ROWS) for each in columns}
    rows |= {each.column.name: typed(np.resize(CONSTANT, EXTREME_ROWS), each.column) for each in numbers}
    return {"extreme": Inputs(EXTREME_ROWS, columns=rows)} if numbers else {}


def _thresholds(rng: np.random.Generator, columns: list[_Known], pairs: list[tuple[int, Any]]) -> dict[str, Inputs]:
    """Rows with one value on a jump of the model's, or beside it."""
    rows = {each.column.name: _drawn(rng, each, len(pairs)) for each in columns}
    places = np.array([place for place, _ in pairs], dtype=np.int64)
    values = _objects([value for _, value in pairs])
    for place, each in enumerate(columns):
        here = places == place
        if bool(here.any()):
            rows[each.column.name][here] = typed(values[here], each.column)
    return {"thresholds": Inputs(len(pairs), columns=rows)} if pairs else {}


def _with_unheard(rng: np.random.Generator, coded: list[_Known], columns: dict[str, Values]) -> Inputs:
    """Rows in each of which one encoder meets a value that it does not know."""
    found = {name: values.copy() for name, values in columns.items()}
    places = rng.integers(len(coded), size=UNHEARD_ROWS)
    for row, place in enumerate(places.tolist()):
        each = coded[place]
        if each.column.type == "string":
            found[each.column.name][row] = UNHEARD
        elif each.column.type != "boolean":
            found[each.column.name][row] = max(each.coded) + 1 + row
    return Inputs(UNHEARD_ROWS, columns=found)
