"""Requests for models whose inputs are all numbers: straight into one float64 matrix."""

from __future__ import annotations

import re
from itertools import chain
from typing import Any, Generic, TypeVar

import msgspec
import numpy as np
from msgspec import UNSET, Raw, UnsetType
from numpy.typing import NDArray

from slipway_server.bundle import Column, Signature
from slipway_server.predictor.inputs import Inputs
from slipway_server.protocols.arrays import stacked
from slipway_server.protocols.names import Names
from slipway_server.protocols.reader import check_rows, exactly_one, invalid

Cell = TypeVar("Cell")
_PATH = re.compile(r"`\$\.dataframe_split\.data\[(\d+|\.\.\.)\]\[(\d+|\.\.\.)\]`")
MAX_ORDERS = 32
MANY_ROWS = 64  # from here on one pass over the values is faster than numpy's own look at nested lists
_SAFE_SQUARES = float(np.finfo(np.float32).max) ** 2
_LIMITS = {"integer": 2.0**31 - 1, "long": 2.0**53, "float": float(np.finfo(np.float32).max)}


class Split(msgspec.Struct, Generic[Cell]):
    """pandas' `split` orientation."""

    data: list[list[Cell]]
    columns: Raw | UnsetType = UNSET


class Body(msgspec.Struct, Generic[Cell]):
    """An MLflow request; exactly one of the first four is given."""

    dataframe_split: Split[Cell] | UnsetType = UNSET
    dataframe_records: list[dict[str, Cell]] | UnsetType = UNSET
    instances: list[dict[str, Cell] | list[Cell]] | UnsetType = UNSET
    inputs: dict[str, list[Cell]] | list[dict[str, Cell] | list[Cell]] | UnsetType = UNSET
    params: dict[str, Any] | None = None


class MatrixReader:
    """Reads numbers by the signature's columns; refuses what a float64 can't hold exactly in an integer column."""

    def __init__(self, signature: Signature, *, max_rows: int, allow_missing: bool, dtype: str = "float64") -> None:
        self.allow_missing = allow_missing
        self.narrow = dtype == "float32"
        columns = signature.matrix_columns
        self.names = [column.name for column in columns]
        self.known = Names(self.names)
        self.orders: dict[bytes, list[int] | None] = {}
        self.positional = bool(signature.tensors)
        self.bounded = [(i, c) for i, c in enumerate(columns) if c.type in _LIMITS]
        self.max_rows = max_rows
        self.decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(
            Body[float | None] if allow_missing else Body[float]
        )

    def read(self, body: bytes) -> Inputs:
        """Return one matrix in the signature's order. Raises `RequestError`."""
        try:
            request = self.decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise invalid(self._explained(str(error), body)) from error
        matrix = self._matrix(request)
        if self.bounded:
            self._check_bounds(matrix)
        if self.narrow:
            return Inputs(len(matrix), matrix=self._narrowed(matrix), params=request.params or {})
        return Inputs(len(matrix), matrix=matrix, params=request.params or {})

    def accept(self, arrays: dict[str, NDArray[Any]]) -> Inputs:
        """See `Reader`."""
        matrix = stacked(arrays, self.known)
        check_rows(len(matrix), self.max_rows)
        bad = np.isinf(matrix) if self.allow_missing else ~np.isfinite(matrix)
        if bool(bad.any()):
            row, index = (int(first[0]) for first in bad.nonzero())
            raise invalid(f"row {row}, column {self.names[index]!r} is not finite", self.names[index])
        if self.bounded:
            self._check_bounds(matrix)
        return Inputs(len(matrix), matrix=self._narrowed(matrix) if self.narrow else matrix)

    def _narrowed(self, matrix: NDArray[np.float64]) -> NDArray[np.float32]:
        """To float32, which a compiled forest computes in. The sum of squares is the cheapest look at every value."""
        if not np.vdot(matrix, matrix) < _SAFE_SQUARES:
            beyond = np.abs(matrix) > _LIMITS["float"]
            if bool(beyond.any()):
                row, index = (int(first[0]) for first in beyond.nonzero())
                name = self.names[index]
                raise invalid(
                    f"row {row}, column {name!r}: the model computes in float32, which can't hold the value", name
                )
        return matrix.astype(np.float32)

    def _matrix(self, request: Body[Any]) -> NDArray[np.float64]:
        rows = getattr(request, exactly_one(request))
        if isinstance(rows, Split):
            return self._from_rows(rows.data, self._order(rows.columns))
        if isinstance(rows, dict):
            return self._from_columns(rows)
        if rows and isinstance(rows[0], dict):
            return self._from_records(rows)
        return self._from_rows(rows, None)

    def _order(self, columns: Raw | UnsetType) -> list[int] | None:
        """Where the signature's columns stand in the request's; None for the signature's own order.

        A client writes its columns the same way every time: their bytes are looked up before they are read.
        """
        if self.positional:
            return None
        if columns is UNSET:
            raise invalid("dataframe_split has no `columns`; name the columns of `data`", "columns")
        written = bytes(columns)
        if written not in self.orders:
            order = self._read_order(written)
            if len(self.orders) >= MAX_ORDERS:  # clients that permute at random must not fill the memory
                self.orders.clear()
            self.orders[written] = order
        return self.orders[written]

    def _read_order(self, columns: bytes) -> list[int] | None:
        try:
            given = msgspec.json.decode(columns, type=list[str])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise invalid(f"dataframe_split.columns: {error}", "columns") from error
        if given == self.names:
            return None
        self.known.check(given)
        places = {name: index for index, name in enumerate(given)}
        return [places[name] for name in self.names]

    def _from_rows(self, rows: list[Any], order: list[int] | None) -> NDArray[np.float64]:
        check_rows(len(rows), self.max_rows)
        try:
            matrix = self._table(rows)
        except (ValueError, TypeError) as error:
            raise self._ragged(rows) from error
        if matrix.ndim != 2 or matrix.shape[1] != len(self.names):
            raise self._ragged(rows)
        return matrix if order is None else matrix[:, order]

    def _table(self, rows: list[Any]) -> NDArray[np.float64]:
        """Raises ValueError, TypeError for what is no table."""
        width = len(self.names)
        if len(rows) < MANY_ROWS or self.allow_missing or any(len(row) != width for row in rows):
            return np.array(rows, dtype=np.float64)
        values = chain.from_iterable(rows)
        return np.fromiter(values, np.float64, len(rows) * width).reshape(len(rows), width)

    def _ragged(self, rows: list[Any]) -> Exception:
        for number, row in enumerate(rows):
            if not isinstance(row, list) or not all(_is_number(cell) for cell in row):
                return invalid(f"row {number} is not a list of numbers", f"[{number}]")
            if len(row) != len(self.names):
                return invalid(
                    f"row {number} has {len(row)} values; the signature has {len(self.names)} columns", f"[{number}]"
                )
        return invalid("the rows are no table of numbers")

    def _from_records(self, rows: list[Any]) -> NDArray[np.float64]:
        for number, row in enumerate(rows):
            if not isinstance(row, dict) or row.keys() != self.known.known:
                self.known.check(list(row) if isinstance(row, dict) else [])
                raise invalid(f"row {number} is not an object with the signature's columns", f"[{number}]")
        return self._from_rows([[row[name] for name in self.names] for row in rows], None)

    def _from_columns(self, columns: dict[str, list[Any]]) -> NDArray[np.float64]:
        self.known.check(list(columns))
        lengths = {name: len(values) for name, values in columns.items()}
        if len(set(lengths.values())) > 1:
            raise invalid(f"the columns have different lengths: {lengths}")
        return self._from_rows([list(row) for row in zip(*(columns[name] for name in self.names), strict=True)], None)

    def _check_bounds(self, matrix: NDArray[np.float64]) -> None:
        for index, column in self.bounded:
            values = matrix[:, index]
            if column.type != "float" and not bool((values == np.floor(values)).all()):
                raise invalid(f"column {column.name!r} takes whole numbers ({column.type}) only", column.name)
            if bool((np.abs(values) > _LIMITS[column.type]).any()):
                raise invalid(_too_large(column), column.name)

    def _explained(self, message: str, body: bytes) -> str:
        """msgspec names positions; people think in columns."""
        found = _PATH.search(message)
        if found is None or not found[2].isdigit():
            return message
        try:
            names = msgspec.json.decode(body)["dataframe_split"].get("columns") or self.names
            return f"column {names[int(found[2])]!r}: {message}"
        except (msgspec.DecodeError, RecursionError, LookupError, TypeError, AttributeError):
            return message


def _too_large(column: Column) -> str:
    limit = _LIMITS[column.type]
    return f"column {column.name!r} holds a number beyond {limit:.0f}, which its type {column.type} can't hold"


def _is_number(cell: Any) -> bool:
    return cell is None or (isinstance(cell, int | float) and not isinstance(cell, bool))
