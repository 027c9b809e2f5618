"""Requests for models that MLflow alone understands: parsed by MLflow, the way `mlflow models serve` does it."""

from __future__ import annotations

import io
from functools import cached_property
from typing import Any

import msgspec
from numpy.typing import NDArray

from slipway_contract.formats import FORMATS
from slipway_server.foreign import ForeignError, foreign
from slipway_server.model.bundle import Signature
from slipway_server.model.inputs import Inputs
from slipway_server.protocols.reader import check_rows, invalid
from slipway_server.protocols.tables.names import Names, in_order


class FreeReader:
    """For models without a signature of plain columns or one tensor.

    `fitted` are the names of a model's columns whose library goes by position: what names its columns must name these.
    """

    def __init__(self, signature: Signature, *, max_rows: int, fitted: tuple[str, ...] = ()) -> None:
        self.signature = signature
        self.max_rows = max_rows
        self.fitted = fitted

    def read(self, body: bytes) -> Inputs:
        """Return what MLflow makes of the body. Raises `RequestError`."""
        try:
            request = msgspec.json.decode(body, type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise invalid(str(error)) from error
        params = request.get("params") or {}
        if not isinstance(params, dict):
            raise invalid("params is no object", "params")
        data = {name: request[name] for name in FORMATS if name in request}
        return self._as_it_is(data, params) if self.signature.type_hint else self._checked(self._parsed(data), params)

    def read_csv(self, body: bytes) -> Inputs:
        """Return what MLflow makes of a CSV body: a frame, of one column where a type hint asks for a list."""
        from mlflow.pyfunc.scoring_server import parse_csv_input

        try:
            frame = foreign(parse_csv_input, io.StringIO(body.decode()), self._schema)
        except (ForeignError, UnicodeDecodeError) as error:
            raise invalid(f"the body is no CSV in UTF-8 that fits the signature: {error}") from error
        return self._checked(frame, {})

    def accept(self, arrays: dict[str, NDArray[Any]]) -> Inputs:
        """See `Reader`."""
        alone = next(iter(arrays.values())) if len(arrays) == 1 else None
        if not self.signature.type_hint:
            return self._checked(arrays if alone is None else alone, {})
        if alone is not None:
            return self._as_it_is({"inputs": alone.tolist()}, {})
        if len({len(array) for array in arrays.values()}) > 1:
            raise invalid("the inputs have different numbers of rows")
        rows = zip(*(array.tolist() for array in arrays.values()), strict=True)
        return self._as_it_is({"inputs": [dict(zip(arrays, row, strict=True)) for row in rows]}, {})

    def _as_it_is(self, data: dict[str, Any], params: dict[str, Any]) -> Inputs:
        """For a type hint: MLflow hands the values over as they came, and checks them against the hint by itself."""
        if list(data) != ["inputs"]:
            raise invalid("the model takes what its type hint says, in `inputs` alone")
        return self._checked(data["inputs"], params)

    def _parsed(self, data: dict[str, Any]) -> Any:
        from mlflow.pyfunc.scoring_server import infer_and_parse_data

        try:
            return foreign(infer_and_parse_data, data, self._schema)
        except ForeignError as error:
            raise invalid(str(error).split(". IMPORTANT", 1)[0]) from error

    @cached_property
    def _schema(self) -> Any:
        from mlflow.types import Schema

        specs = self.signature.specs
        return Schema.from_json(msgspec.json.encode(specs).decode()) if specs else None

    def _checked(self, data: Any, params: dict[str, Any]) -> Inputs:
        rows = _rows(data)
        check_rows(max(rows, 1) if self.signature.type_hint else rows, self.max_rows)  # a hint allows an empty list
        return Inputs(rows=rows, raw=self._ordered(data), params=params)

    def _ordered(self, data: Any) -> Any:
        """A frame's columns in the order of the fit. What has no names goes by position, as with MLflow."""
        columns = list(getattr(data, "columns", ()))
        if not self.fitted or not any(isinstance(name, str) for name in columns):
            return data
        found = in_order(self.fitted, columns)
        if found is None:
            Names(self.fitted).check(columns)
            raise invalid(f"the columns are not those that the model was fitted with: {columns[:8]}")
        return data if found == columns else data[found]


def _rows(data: Any) -> int:
    """How many rows the data has; what has no length, and a text, is one."""
    if isinstance(data, dict):
        return max((_rows(values) for values in data.values()), default=0)
    if isinstance(data, str | bytes) or not hasattr(data, "__len__") or getattr(data, "shape", None) == ():
        return 1
    return len(data)
