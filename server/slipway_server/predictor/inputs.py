"""Checked inputs on their way from a protocol to a predictor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(slots=True)
class Inputs:
    """`rows` rows: as a matrix (rows, columns) in the signature's order, as one array per column, or as they came."""

    rows: int
    matrix: NDArray[Any] | None = None
    columns: dict[str, NDArray[Any]] | None = None
    raw: Any = None
    params: dict[str, Any] = field(default_factory=dict)

    def repeated(self, times: int) -> Inputs:
        """The same rows, `times` times over."""
        return joined([self] * times)


def alike(one: Inputs, other: Inputs) -> bool:
    """Whether two inputs of one model may be one batch: the same columns, and the same method is asked for."""
    if not one.params and not other.params:
        asked = True
    else:  # of all params the method's name alone is compared: others a client nests as deeply as it likes
        methods = [each.params.get("predict_fn") for each in (one, other) if len(each.params) == 1]
        asked = len(methods) == 2 and isinstance(methods[0], str) and methods[0] == methods[1]
    names = [None if each.columns is None else each.columns.keys() for each in (one, other)]
    return asked and names[0] == names[1]


def joined(parts: Sequence[Inputs]) -> Inputs:
    """One batch of all rows. The parts are of one model and have the same params."""
    first = parts[0]
    rows = sum(part.rows for part in parts)
    if first.matrix is not None:
        return Inputs(rows, matrix=np.concatenate([part.matrix for part in parts]), params=first.params)
    names = first.columns or {}
    columns = {name: np.concatenate([(part.columns or {})[name] for part in parts]) for name in names}
    return Inputs(rows, columns=columns, params=first.params)
