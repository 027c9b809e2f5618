"""What the steps of a model are given: columns, as they are or changed; and what was found on the way through them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


class UnknownJumps(Exception):
    """A part of the model jumps where nobody knows, or where no row can be put."""


class Feature(NamedTuple):
    """What a step is given: a column's value after steps that `back` undoes, the last first; else `column` is -1.

    `few` says that it is one of a few values, each of which some row has, whatever the column it came from. `filled`
    are the values that an imputer on the way replaces by others; None stands for a missing value.
    """

    column: int
    back: tuple[Callable[[Matrix], Matrix], ...] = ()
    few: bool = False
    filled: tuple[Any, ...] = ()


FEW, MIXED = Feature(-1, few=True), Feature(-1)


class Interests(NamedTuple):
    """Values to try per column, by its place: on and beside `jumps`; and `sentinels`, far from real values."""

    jumps: dict[int, list[Any]]
    sentinels: dict[int, list[Any]]

    def of(self, column: int) -> list[Any]:
        """All that are of interest in one column."""
        return [*self.jumps.get(column, ()), *self.sentinels.get(column, ())]


class Encoded(NamedTuple):
    """An encoder, and the features that it encodes, one for each list of its `categories_`."""

    step: Any
    features: list[Feature]


class Followed:
    """What was found by following the columns through a model: values of interest, encoders, vectorizers' words."""

    def __init__(self) -> None:
        self.interests = Interests({}, {})
        self.encoders: list[Encoded] = []
        self.words: set[str] = set()


def places(picked: Any, names: list[str]) -> list[int]:
    """The places of the columns that a column transformer picks by name, place, slice or mask."""
    if isinstance(picked, slice):
        ends = [names.index(end) if isinstance(end, str) else end for end in (picked.start, picked.stop)]
        last = ends[1] + 1 if isinstance(picked.stop, str) else ends[1]
        return list(range(len(names)))[slice(ends[0], last, picked.step)]
    if isinstance(picked, str):
        return [names.index(picked)]
    found = np.atleast_1d(np.asarray(picked))
    if found.dtype.kind in "OUT":
        return [names.index(str(name)) for name in found.tolist()]
    by_place: list[int] = np.arange(len(names))[found].tolist() if len(found) else []
    return by_place
