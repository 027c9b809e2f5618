"""Columns of numbers that may hold certain values only: those of an encoder that refuses any other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from slipway_server.model.bundle import Column
from slipway_server.protocols.reader import invalid


class _Known(NamedTuple):
    place: int
    column: Column
    values: frozenset[float]


class KnownNumbers:
    """`categories` maps names of columns to the values that they may have. Missing ones are judged elsewhere."""

    def __init__(self, columns: Sequence[Column], categories: dict[str, Any]) -> None:
        self.known = [
            _Known(place, column, _numbers(column, categories[column.name]))
            for place, column in enumerate(columns)
            if column.name in categories
        ]

    def check(self, matrix: NDArray[np.float64]) -> None:
        """Raise `RequestError` for a value that is not known."""
        for place, column, known in self.known:
            values = matrix[:, place].astype(np.float32) if column.type == "float" else matrix[:, place]
            given = set(values[values == values].tolist())
            if not given <= known:
                some = ", ".join(str(_shown(value)) for value in sorted(known)[:10])
                wrong = _shown(min(given - known))
                raise invalid(f"column {column.name!r}: {wrong} is not one of {some}", column.name)


def _numbers(column: Column, values: Sequence[Any]) -> frozenset[float]:
    numbers = [float(value) for value in values if value is not None and value == value]
    return frozenset(float(np.float32(number)) if column.type == "float" else number for number in numbers)


def _shown(number: float) -> float | int:
    return int(number) if number.is_integer() else number
