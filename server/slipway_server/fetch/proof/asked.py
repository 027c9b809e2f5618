"""Asking a model rows that it may refuse: one refused row hides no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipway_server.errors import RequestError
from slipway_server.foreign import ForeignError, foreign
from slipway_server.model.inputs import Inputs

Answer = Callable[[Inputs], Any]
CALLS = 512  # a batch that is refused is halved until single rows are left, in so many calls at most


@dataclass
class Asked:
    """Which rows were answered, which refused (those of neither were not asked), and in which words first."""

    answered: NDArray[np.bool_]
    refused: NDArray[np.bool_]
    refusal: str = ""
    calls: int = 0
    parts: dict[int, tuple[slice, NDArray[Any]]] = field(default_factory=dict)

    def of(self, rows: NDArray[np.bool_]) -> NDArray[Any]:
        """The answers to some of the rows that were answered, in order."""
        pieces = [values[rows[where]] for _, (where, values) in sorted(self.parts.items())]
        return np.concatenate(pieces)


def asked(ask: Answer, inputs: Inputs, wanted: NDArray[np.bool_] | None = None) -> Asked:
    """Ask all rows, or the `wanted` ones, together where that is answered, and apart where it isn't."""
    nothing = np.zeros(inputs.rows, dtype=bool)
    if wanted is None or bool(wanted.all()):
        found = Asked(nothing, nothing.copy())
        _ask(ask, inputs, slice(0, inputs.rows), found)
        return found
    inner = asked(ask, part(inputs, wanted)) if bool(wanted.any()) else Asked(nothing[:0], nothing[:0])
    return _spread(inner, wanted)


def _ask(ask: Answer, inputs: Inputs, where: slice, found: Asked) -> None:
    if where.start == where.stop or found.calls >= CALLS:
        return
    found.calls += 1
    got = answer(ask, part(inputs, where))
    if not isinstance(got, str):
        found.answered[where] = True
        found.parts[where.start] = (where, got)
        return
    found.refusal = found.refusal or got
    if where.stop - where.start == 1:
        found.refused[where] = True
        return
    middle = (where.start + where.stop) // 2
    _ask(ask, inputs, slice(where.start, middle), found)
    _ask(ask, inputs, slice(middle, where.stop), found)


def _spread(inner: Asked, wanted: NDArray[np.bool_]) -> Asked:
    """What was found of some rows, as of all."""
    answered, refused = np.zeros((2, len(wanted)), dtype=bool)
    answered[wanted], refused[wanted] = inner.answered, inner.refused
    pieces = [values for _, (_, values) in sorted(inner.parts.items())]
    if not pieces:
        return Asked(answered, refused, inner.refusal, inner.calls)
    values = np.concatenate(pieces)
    whole = np.zeros((len(wanted), *values.shape[1:]), dtype=values.dtype)
    whole[answered] = values
    return Asked(answered, refused, inner.refusal, inner.calls, {0: (slice(0, len(wanted)), whole)})


def answer(ask: Answer, inputs: Inputs) -> NDArray[Any] | str:
    """The answer, or in words that there was none: any library may raise anything for rows it does not like.

    What can't be told apart by rows (such as the probabilities of several targets, a list of arrays) is none either.
    """
    try:
        found = foreign(lambda: np.asarray(ask(inputs)))
    except (ForeignError, RequestError) as error:
        return str(error) or type(error).__name__
    if found.shape[:1] != (inputs.rows,):
        return f"the answer to {inputs.rows} rows has the shape {list(found.shape)}: it is not one answer per row"
    return found


def part(inputs: Inputs, rows: Any) -> Inputs:
    """Some of the rows: a slice or a mask."""
    matrix = None if inputs.matrix is None else inputs.matrix[rows]
    columns = None if inputs.columns is None else {name: values[rows] for name, values in inputs.columns.items()}
    count = len(matrix) if matrix is not None else len(next(iter((columns or {}).values())))
    return Inputs(count, matrix=matrix, columns=columns, params=inputs.params)
