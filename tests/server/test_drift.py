"""Counting a matrix bit by bit is looking up the bin of each of its values."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from slipway_server.observing.drift import MOST_ROWS, Table

EDGES = {"a": np.array([-1.0, 0.0, 0.5]), "c": np.array([0.0])}
STARTS, WIDTH = {"a": 0, "c": 5}, 8
VALUES = st.sampled_from([-1.0, 0.0, -0.0, 0.5, np.nextafter(0.5, 1), np.nextafter(-1.0, -2), np.inf, -np.inf, np.nan])
ROWS = st.lists(st.tuples(VALUES | st.floats(-2, 2), VALUES, VALUES | st.floats(-2, 2)), min_size=1, max_size=70)


def expected(rows: list[tuple[float, ...]]) -> Counter[int]:
    """Cell by cell, with numpy's search: a value on an edge belongs below it, a missing one has the last cell."""
    found: Counter[int] = Counter()
    for row in rows:
        for name, value in (("a", row[0]), ("c", row[2])):
            edges = EDGES[name]
            found[STARTS[name] + (len(edges) + 1 if np.isnan(value) else int(np.searchsorted(edges, value)))] += 1
    return found


@given(st.lists(ROWS, min_size=1, max_size=3))
def test_every_value_is_counted_in_its_bin_and_once(requests: list[list[tuple[float, ...]]]) -> None:
    table = Table(["a", "b", "c"], EDGES, STARTS)
    for asked in (requests, requests[:1]):  # what was counted is forgotten, and so is what its memory held
        for rows in asked:
            table.take(np.array(rows))
        counted = table.counts(WIDTH)
        wanted = expected([row for rows in asked for row in rows])
        assert dict(enumerate(counted)) == {cell: wanted[cell] for cell in range(WIDTH)}


def test_as_many_rows_fit_as_may_wait() -> None:
    table = Table(["a", "c"], EDGES, {"a": 0, "c": 5})
    table.take(np.full((MOST_ROWS, 2), 0.25, dtype=np.float32))
    assert table.counts(WIDTH).tolist() == [0, 0, MOST_ROWS, 0, 0, 0, MOST_ROWS, 0]
