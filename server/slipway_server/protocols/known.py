"""Columns of numbers that may hold certain values only: those of an encoder that refuses any other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from slipway_server.bundle import Column
from slipway_server.protocols.reader import invalid


class _Known(NamedTuple):
    place: int
    column: Column
    values: frozenset[float]
    missing: bool


class KnownNumbers:
    """`categories` maps names of columns to the values that they may have; NaN among them stands for a missing one."""

    def __init__(self, columns: Sequence[Column], categories: dict[str, Any]) -> None:
        self.known = [
            _of(index, column, categories[column.name])
            for index, column in enumerate(columns)
            if column.name in categories
        ]

    def check(self, matrix: NDArray[np.float64]) -> None:
        """Raise `RequestError` for the first value that is not known."""
        for place, column, known, missing in self.known:
            values = matrix[:, place].astype(np.float32) if column.type == "float" else matrix[:, place]
            given = set(values[values == values].tolist())
            if not given <= known:
                wrong = sorted(given - known)[0]
                raise unknown(column.name, _shown(wrong), sorted(_shown(value) for value in known))
            if not missing and bool(np.isnan(values).any()):
                raise unknown(column.name, None, sorted(_shown(value) for value in known))


def unknown(name: str, value: Any, known: Sequence[Any]) -> Exception:
    """400 for a value that the model's encoder refuses."""
    some = ", ".join(repr(each) for each in known[:10])
    return invalid(f"column {name!r}: {value!r} is not one of {some}", name)


def _of(index: int, column: Column, values: Sequence[Any]) -> _Known:
    numbers = [float(value) for value in values if value is not None and value == value]
    narrow = [float(np.float32(number)) for number in numbers] if column.type == "float" else numbers
    return _Known(index, column, frozenset(narrow), missing=len(numbers) < len(values))


def _shown(number: float) -> float | int:
    return int(number) if number.is_integer() else number
