"""Counting several values at once is counting each of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_server.observing.counters import Block, Histogram

BOUNDS = (0.001, 0.005, 0.1)


@given(st.lists(st.floats(0, 0.2) | st.sampled_from(BOUNDS), min_size=1, max_size=40))
def test_many_values_at_once_are_counted_like_one_by_one(values: list[float]) -> None:
    histogram = Histogram(BOUNDS, base=1)
    together, apart = Block(histogram.end), Block(histogram.end)
    histogram.add_all(together.row(0), values)
    for value in values:
        histogram.add(apart.row(0), value)
    (buckets, total), (expected, expected_total) = histogram.cumulated(together), histogram.cumulated(apart)
    assert buckets == expected
    assert total == pytest.approx(expected_total)
    assert together.total(0) == 0
