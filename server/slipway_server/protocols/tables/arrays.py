"""Named arrays into what a model takes: one matrix, or one array per column."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipway_server.protocols.reader import invalid
from slipway_server.protocols.tables.names import Names

_EXACT = 2**53 - 1  # the next one is also what 2^53 + 1 becomes


def one_column(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """The values of a tensor of shape (n,) or (n, 1). Raises `RequestError` for any other."""
    if array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 1):
        return array.reshape(-1)
    raise invalid(f"input {name!r} has the shape {list(array.shape)}; a column has [rows] or [rows, 1]", name)


def stacked(arrays: dict[str, NDArray[Any]], known: Names) -> NDArray[np.float64]:
    """One float64 matrix in the signature's order, from one tensor of all columns or from one tensor per column.

    Raises `RequestError` for what is no number and for integers that float64 can't hold.
    """
    if len(arrays) == 1 and set(arrays) != known.known:
        name, table = next(iter(arrays.items()))
        known.by_position()
        if table.ndim != 2 or table.shape[1] != len(known.names):
            raise invalid(f"input {name!r} has the shape {list(table.shape)}; give [rows, {len(known.names)}]", name)
        return _numbers(name, table)
    known.check(list(arrays))
    columns = [_numbers(name, one_column(name, arrays[name])) for name in known.names]
    if len({len(column) for column in columns}) > 1:
        raise invalid("the inputs have different numbers of rows")
    return np.column_stack(columns)


def _numbers(name: str, array: NDArray[Any]) -> NDArray[np.float64]:
    if array.dtype.kind not in "iuf":
        raise invalid(f"input {name!r} holds no numbers", name)
    if array.dtype.kind in "iu" and array.size and (int(array.max()) > _EXACT or int(array.min()) < -_EXACT):
        raise invalid(f"input {name!r} holds integers of 2^53 or beyond, which can't be computed with exactly", name)
    return array.astype(np.float64)
