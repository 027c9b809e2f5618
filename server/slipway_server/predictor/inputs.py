"""Checked inputs on their way from a protocol to a predictor."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(slots=True)
class Inputs:
    """`rows` rows as a matrix (rows, columns) in the signature's order, or as one array per column, or as they came."""

    rows: int
    matrix: NDArray[Any] | None = None
    columns: dict[str, NDArray[Any]] | None = None
    raw: Any = None
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def finite(self) -> bool:
        """Whether the matrix, if there is one, holds finite numbers only."""
        return self.matrix is None or bool(np.isfinite(self.matrix).all())
