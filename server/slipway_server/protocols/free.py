"""Requests for models that MLflow alone understands: parsed by MLflow, the way `mlflow models serve` does it."""

from __future__ import annotations

from typing import Any

import msgspec
from numpy.typing import NDArray

from slipway_server.predictor.inputs import Inputs
from slipway_server.protocols.reader import check_rows, invalid


class FreeReader:
    """For models without a signature of plain columns or one tensor."""

    def __init__(self, *, max_rows: int) -> None:
        self.max_rows = max_rows

    def read(self, body: bytes) -> Inputs:
        """Return what MLflow makes of the body. Raises `RequestError`."""
        from mlflow.exceptions import MlflowException
        from mlflow.pyfunc.scoring_server import infer_and_parse_data

        try:
            request = msgspec.json.decode(body, type=dict[str, Any])
            params = request.pop("params", None) or {}
            data = infer_and_parse_data(request)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise invalid(str(error)) from error
        except (MlflowException, ValueError, TypeError, AttributeError) as error:
            raise invalid(str(error).split(". IMPORTANT", 1)[0]) from error
        return self._checked(data, params)

    def accept(self, arrays: dict[str, NDArray[Any]]) -> Inputs:
        """See `Reader`."""
        return self._checked(next(iter(arrays.values())) if len(arrays) == 1 else arrays, {})

    def _checked(self, data: Any, params: dict[str, Any]) -> Inputs:
        rows = len(data) if hasattr(data, "__len__") and getattr(data, "ndim", None) != 0 else 1
        check_rows(rows, self.max_rows)
        return Inputs(rows=rows, raw=data, params=params)
