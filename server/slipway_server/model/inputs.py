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

    def joins(self, other: Inputs) -> bool:
        """Whether both may go as one batch: then no value is changed by what it stands beside."""
        if not _same_method(self.params, other.params):
            return False
        if self.matrix is not None and other.matrix is not None:
            return self.matrix.dtype == other.matrix.dtype
        return self.columns is not None and other.columns is not None and _dtypes(self) == _dtypes(other)

    def repeated(self, times: int) -> Inputs:
        """The same rows, `times` times over."""
        return joined([self] * times)


def _same_method(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Of all params the method's name alone is compared: others a client nests as deeply as it likes."""
    if not one and not other:
        return True
    methods = [each.get("predict_fn") for each in (one, other) if len(each) == 1]
    return len(methods) == 2 and isinstance(methods[0], str) and methods[0] == methods[1]


def _dtypes(inputs: Inputs) -> dict[str, Any]:
    return {name: values.dtype for name, values in (inputs.columns or {}).items()}


def joined(parts: Sequence[Inputs]) -> Inputs:
    """One batch of all rows. The parts are of one model and join each other."""
    first = parts[0]
    rows = sum(part.rows for part in parts)
    if first.matrix is not None:
        return Inputs(rows, matrix=np.concatenate([part.matrix for part in parts]), params=first.params)
    names = first.columns or {}
    columns = {name: np.concatenate([(part.columns or {})[name] for part in parts]) for name in names}
    return Inputs(rows, columns=columns, params=first.params)
