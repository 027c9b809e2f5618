"""Missing values: does the model take them?"""

from __future__ import annotations

import numpy as np

from slipway_server.bundle import Signature
from slipway_server.errors import RequestError
from slipway_server.foreign import ForeignError, foreign
from slipway_server.predictor.inputs import Inputs
from slipway_server.predictor.runner import Predictor

_REAL = ("float", "double")


def accepted(predictor: Predictor, signature: Signature, example: Inputs) -> bool:
    """Whether the model answers a row with every column of real numbers missing. Asked of the model itself."""
    holes = _with_holes(example, signature)
    if holes is None:
        return False
    try:
        answer = np.asarray(foreign(predictor.predict, holes))
    except (ForeignError, RequestError):
        return False
    return answer.dtype.kind != "f" or not bool(np.isnan(answer).any())


def has_holes(inputs: Inputs) -> bool:
    """Whether a value is missing."""
    if inputs.matrix is not None:
        return bool(np.isnan(inputs.matrix).any())
    return any(bool((values != values).any()) for values in (inputs.columns or {}).values())


def _with_holes(example: Inputs, signature: Signature) -> Inputs | None:
    real = [index for index, column in enumerate(signature.matrix_columns) if column.type in _REAL]
    if example.matrix is not None and real:
        matrix = example.matrix.copy()
        matrix[:, real] = np.nan
        return Inputs(example.rows, matrix=matrix)
    names = [column.name for column in signature.columns if column.type in _REAL]
    if example.columns is not None and names:
        holes = {name: np.full(example.rows, np.nan) for name in names}
        return Inputs(example.rows, columns={**example.columns, **holes})
    return None
