"""How long to wait before the next try."""

from __future__ import annotations


def doubled(first: float, failures: int, most: float) -> float:
    """`first` seconds after one failure, twice as long after each further one, `most` seconds at most."""
    return float(min(most, first * 2.0 ** min(max(failures, 1) - 1, 32)))
