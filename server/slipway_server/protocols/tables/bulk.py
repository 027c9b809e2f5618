"""Large tables of numbers: from bytes to a matrix without a Python object for each number.

simdjson's buffer is fast because it looks at numbers only: it flattens whatever nests them. So the shape is checked
here, and what is not exactly one table in the plain `dataframe_split` form is left to the reader that explains.
"""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

import numpy as np
import simdjson
from numpy.typing import NDArray

WORTH_BYTES = 8 * 1024
KEPT_BYTES = 512 * 1024
"""A parser holds several times its largest body; up to this one it is kept."""
_OPEN = ord("[")


class Table(NamedTuple):
    """The numbers, one row per row of the request, and the JSON of its column names."""

    matrix: NDArray[np.float64]
    columns: bytes


class _Parsers(threading.local):
    """A thread's parser. A new one for each body costs as much as the parsing: fresh memory, given back each time."""

    def __init__(self) -> None:
        self.kept = simdjson.Parser()


_parsers = _Parsers()


def table(body: bytes) -> Table | None:
    """Return the table that the request consists of; None for anything else, be it good or bad."""
    parser = _parsers.kept if len(body) <= KEPT_BYTES else simdjson.Parser()
    try:
        return _table(parser.parse(body), body)
    except (ValueError, TypeError, AttributeError, RuntimeError):  # no JSON, no numbers, no object, too deep
        return None


def _table(document: Any, body: bytes) -> Table | None:
    if b"\\" in body or list(document.keys()) != ["dataframe_split"]:
        return None
    split = document["dataframe_split"]
    if sorted(split.keys()) != ["columns", "data"]:
        return None
    columns, rows = split["columns"].mini, split["data"]
    count = len(rows)
    widths = {len(row) for row in rows}
    # Every bracket is accounted for: those among the columns (none is escaped), the table's and one per row. So no
    # number lies deeper.
    brackets = int(np.count_nonzero(np.frombuffer(body, np.uint8) == _OPEN))
    if count == 0 or len(widths) != 1 or 0 in widths or brackets != columns.count(b"[") + 1 + count:
        return None
    numbers = np.frombuffer(rows.as_buffer(of_type="d"), np.float64)
    return Table(numbers.reshape(count, widths.pop()), columns)
