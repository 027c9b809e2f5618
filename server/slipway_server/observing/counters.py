"""Counters in memory that worker processes share."""

from __future__ import annotations

import mmap
from bisect import bisect_left
from collections.abc import Sequence


class Block:
    """`workers` rows of `width` doubles, shared by the processes that are forked after it was made."""

    def __init__(self, width: int, workers: int = 1) -> None:
        self.width = width
        self.workers = workers
        self.memory = memoryview(mmap.mmap(-1, max(1, width * workers) * 8)).cast("d")

    def row(self, worker: int) -> memoryview[float]:
        """The cells that the process number `worker` writes."""
        return self.memory[worker * self.width : (worker + 1) * self.width]

    def total(self, cell: int) -> float:
        """The sum of one cell over all workers."""
        return float(sum(self.memory[cell :: self.width]))


class Histogram:
    """Where a histogram's cells lie: one per bucket, one for what is above, and the sum."""

    def __init__(self, bounds: Sequence[float], base: int) -> None:
        self.bounds = list(bounds)
        self.base = base
        self.sum = base + len(self.bounds) + 1
        self.end = self.sum + 1

    def add(self, cells: memoryview[float], value: float) -> None:
        """Count one value."""
        cells[self.base + bisect_left(self.bounds, value)] += 1.0
        cells[self.sum] += value

    def add_all(self, cells: memoryview[float], values: Sequence[float]) -> None:
        """Count several values; mostly all of them are in one bucket."""
        cells[self.sum] += sum(values)
        lowest = bisect_left(self.bounds, min(values))
        if lowest == bisect_left(self.bounds, max(values)):
            cells[self.base + lowest] += len(values)
            return
        for value in values:
            cells[self.base + bisect_left(self.bounds, value)] += 1.0

    def cumulated(self, block: Block) -> tuple[list[tuple[str, float]], float]:
        """Prometheus' cumulative buckets, and the sum."""
        names = [repr(float(bound)) for bound in self.bounds] + ["+Inf"]
        found: list[tuple[str, float]] = []
        seen = 0.0
        for index, name in enumerate(names):
            seen += block.total(self.base + index)
            found.append((name, seen))
        return found, block.total(self.sum)
