"""Requests for models whose inputs are all numbers: straight into one float64 matrix."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection
from itertools import chain
from typing import Any, Generic, TypeVar

import msgspec
import numpy as np
from msgspec import UNSET, Raw, UnsetType
from numpy.typing import NDArray

from slipway_server.model.bundle import Column, Signature
from slipway_server.model.inputs import Inputs
from slipway_server.protocols.reader import check_rows, exactly_one, invalid
from slipway_server.protocols.tables import bulk
from slipway_server.protocols.tables.arrays import stacked
from slipway_server.protocols.tables.known import KnownNumbers
from slipway_server.protocols.tables.names import Names

Cell = TypeVar("Cell")
Rows = list[list[float | None]]
_PATH = re.compile(r"`\$\.dataframe_split\.data\[(\d+|\.\.\.)\]\[(\d+|\.\.\.)\]`")
MAX_ORDERS = 32
MANY_ROWS = 64  # from here on one pass over the values is faster than numpy's own look at nested lists
_SAFE_SQUARES = float(np.finfo(np.float32).max) ** 2
_LIMITS = {"integer": 2.0**31 - 1, "long": 2.0**53 - 1, "float": float(np.finfo(np.float32).max)}


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
    """Reads numbers by the signature's columns; refuses what a float64 can't hold exactly in an integer column.

    `categories` holds the only values that some columns may have; `missing` are the columns where null may stand.
    """

    def __init__(
        self,
        signature: Signature,
        *,
        max_rows: int,
        missing: Collection[str],
        dtype: str = "float64",
        categories: dict[str, Any] | None = None,
    ) -> None:
        self.allow_missing = bool(missing)
        self.narrow = dtype == "float32"
        columns = signature.matrix_columns
        self.names = [column.name for column in columns]
        self.known = Names(self.names, reordered=signature.reordered)
        self.categories = KnownNumbers(columns, categories or {})
        self.orders: dict[bytes, list[int] | None] = {}
        self.positional = bool(signature.tensors)
        self.never_missing = [i for i, name in enumerate(self.names) if missing and name not in missing]
        self.bounded = [(i, c) for i, c in enumerate(columns) if c.type in _LIMITS]
        self.max_rows = max_rows
        self.decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Body[float | None] if missing else Body[float])

    def read(self, body: bytes) -> Inputs:
        """Return one matrix in the signature's order. Raises `RequestError`."""
        table = bulk.table(body) if len(body) >= bulk.WORTH_BYTES and not self.positional else None
        if table is not None and table.matrix.shape[1] == len(self.names):
            check_rows(len(table.matrix), self.max_rows)
            order = self._order(table.columns)
            return self._checked(table.matrix if order is None else table.matrix[:, order], {})
        rows, params = self.rows(body)
        return self.together(rows, params)

    def rows(self, body: bytes) -> tuple[Rows, dict[str, Any]]:
        """Return the request's rows, each in the signature's order, and its params. Raises `RequestError`."""
        try:
            request = self.decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise invalid(self._explained(str(error), body)) from error
        return self._rows(request), request.params or {}

    def together(self, rows: Rows, params: dict[str, Any]) -> Inputs:
        """Return the inputs that rows of one request, or of several, make. Raises `RequestError`."""
        return self._checked(self._matrix(rows), params)

    def _matrix(self, rows: Rows) -> NDArray[np.float64]:
        width = len(self.names)
        if len(rows) >= MANY_ROWS:
            with contextlib.suppress(TypeError):  # a value is missing
                return np.fromiter(chain.from_iterable(rows), np.float64, len(rows) * width).reshape(len(rows), width)
        return np.array(rows, dtype=np.float64)

    def _checked(self, matrix: NDArray[np.float64], params: dict[str, Any]) -> Inputs:
        if self.never_missing:
            self._check_missing(matrix)
        if self.bounded:
            self._check_bounds(matrix)
        if self.categories.known:
            self.categories.check(matrix)
        return Inputs(len(matrix), matrix=self._narrowed(matrix) if self.narrow else matrix, params=params)

    def accept(self, arrays: dict[str, NDArray[Any]]) -> Inputs:
        """See `Reader`."""
        matrix = stacked(arrays, self.known)
        check_rows(len(matrix), self.max_rows)
        bad = np.isinf(matrix) if self.allow_missing else ~np.isfinite(matrix)
        if bool(bad.any()):
            row, index = (int(first[0]) for first in bad.nonzero())
            raise invalid(f"row {row}, column {self.names[index]!r} is not finite", self.names[index])
        return self._checked(matrix, {})

    def _narrowed(self, matrix: NDArray[np.float64]) -> NDArray[np.float32]:
        """To float32, which a compiled forest computes in.

        The sum of squares is the cheapest look at every value; by einsum, because BLAS would start threads for it.
        """
        if not np.einsum("ij,ij->", matrix, matrix) < _SAFE_SQUARES:
            beyond = np.abs(matrix) > _LIMITS["float"]
            if bool(beyond.any()):
                row, index = (int(first[0]) for first in beyond.nonzero())
                name = self.names[index]
                raise invalid(
                    f"row {row}, column {name!r}: the model computes in float32, which can't hold the value", name
                )
        return matrix.astype(np.float32)

    def _rows(self, request: Body[Any]) -> Rows:
        rows = getattr(request, exactly_one(request))
        if isinstance(rows, Split):
            return self._from_rows(rows.data, self._order(rows.columns))
        if isinstance(rows, dict):
            return self._from_columns(rows)
        if rows and isinstance(rows[0], dict):
            return self._from_records(rows)
        self.known.by_position()
        return self._from_rows(rows, None)

    def _order(self, columns: Raw | bytes | UnsetType) -> list[int] | None:
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

    def _from_rows(self, rows: list[Any], order: list[int] | None) -> Rows:
        check_rows(len(rows), self.max_rows)
        width = len(self.names)
        for row in rows:
            if len(row) != width or type(row) is not list:
                raise self._ragged(rows)
        return rows if order is None else [[row[index] for index in order] for row in rows]

    def _ragged(self, rows: list[Any]) -> Exception:
        number, row = next(
            (number, row) for number, row in enumerate(rows) if not isinstance(row, list) or len(row) != len(self.names)
        )
        if not isinstance(row, list):
            return invalid(f"row {number} is not a list of numbers", f"[{number}]")
        return invalid(
            f"row {number} has {len(row)} values; the signature has {len(self.names)} columns", f"[{number}]"
        )

    def _from_records(self, rows: list[Any]) -> Rows:
        for number, row in enumerate(rows):
            if not isinstance(row, dict) or row.keys() != self.known.known:
                self.known.check(list(row) if isinstance(row, dict) else [])
                raise invalid(f"row {number} is not an object with the signature's columns", f"[{number}]")
        return self._from_rows([[row[name] for name in self.names] for row in rows], None)

    def _from_columns(self, columns: dict[str, list[Any]]) -> Rows:
        self.known.check(list(columns))
        lengths = {name: len(values) for name, values in columns.items()}
        if len(set(lengths.values())) > 1:
            raise invalid(f"the columns have different lengths: {lengths}")
        return self._from_rows([list(row) for row in zip(*(columns[name] for name in self.names), strict=True)], None)

    def _check_missing(self, matrix: NDArray[np.float64]) -> None:
        holes = np.isnan(matrix[:, self.never_missing])
        if bool(holes.any()):
            row, place = (int(first[0]) for first in holes.nonzero())
            name = self.names[self.never_missing[place]]
            raise invalid(f"row {row}, column {name!r}: the value is missing, and the model takes none there", name)

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
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, LookupError, TypeError, AttributeError):
            return message


def _too_large(column: Column) -> str:
    if column.type == "long":
        return f"column {column.name!r} holds a number of 2^53 or beyond, which float64, as this model has it, rounds"
    limit = _LIMITS[column.type]
    return f"column {column.name!r} holds a number beyond {limit:.0f}, which its type {column.type} can't hold"
