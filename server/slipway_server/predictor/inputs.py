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


def joined(parts: Sequence[Inputs]) -> Inputs:
    """One batch of all rows. The parts are of one model and have the same params."""
    first = parts[0]
    rows = sum(part.rows for part in parts)
    if first.matrix is not None:
        return Inputs(rows, matrix=np.concatenate([part.matrix for part in parts]), params=first.params)
    names = first.columns or {}
    columns = {name: np.concatenate([(part.columns or {})[name] for part in parts]) for name in names}
    return Inputs(rows, columns=columns, params=first.params)
