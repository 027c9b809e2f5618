"""Requests for models with columns of several types: every value is decoded as the type that the signature says."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import UNSET, Meta, Raw, UnsetType
from numpy.typing import NDArray

from slipway_server.model.bundle import Column, Signature
from slipway_server.model.inputs import Inputs
from slipway_server.protocols.reader import check_rows, exactly_one, invalid
from slipway_server.protocols.tables.arrays import one_column
from slipway_server.protocols.tables.names import Names

_TYPES: dict[str, Any] = {
    "boolean": bool,
    "integer": Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)],
    "long": Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)],
    "float": float,
    "double": float,
    "string": str,
    "binary": bytes,
    "datetime": datetime.datetime,
}
_TEXTS = frozenset({"string", "binary", "datetime"})
"""Types whose values are texts in JSON, and so in CSV."""
_DTYPES = {"boolean": "bool", "integer": "int32", "long": "int64", "float": "float32", "double": "float64"}
_CELL = re.compile(r"`\$\[\d+\]\[(\d+)\]`")
_MAX_ORDERS = 32


class Split(msgspec.Struct):
    """pandas' `split` orientation; the rows are decoded when their columns are known."""

    data: Raw
    columns: list[str]


class Body(msgspec.Struct):
    """An MLflow request; exactly one of the first four is given."""

    dataframe_split: Split | UnsetType = UNSET
    dataframe_records: Raw | UnsetType = UNSET
    instances: Raw | UnsetType = UNSET
    inputs: Raw | UnsetType = UNSET
    params: dict[str, Any] | None = None


class TypedReader:
    """Reads columns by the signature.

    `categories` holds the only values that some columns may have; `missing` are the columns where null may stand.
    """

    def __init__(
        self, signature: Signature, *, max_rows: int, missing: Collection[str], categories: dict[str, Any]
    ) -> None:
        self.columns = {column.name: column for column in signature.columns}
        optional = [column.name for column in signature.columns if not column.required and column.name in missing]
        self.names = Names(list(self.columns), optional, reordered=signature.reordered)
        self.max_rows = max_rows
        self.texts = frozenset(column.name for column in signature.columns if column.type in _TEXTS)
        self.cells = {name: _cell(column, name in missing) for name, column in self.columns.items()}
        self.categories = {name: frozenset(values) for name, values in categories.items()}
        self.body = msgspec.json.Decoder(Body)
        self.orders: dict[tuple[str, ...], Callable[[Raw], Any]] = {}
        self.records = msgspec.json.Decoder(_list_of(self._struct("Row", self.cells)))
        lists = {name: _list_of(cell) for name, cell in self.cells.items()}
        self.table = msgspec.json.Decoder(self._struct("Table", lists))

    def _struct(self, name: str, types: dict[str, Any]) -> Any:
        fields: list[Any] = []
        for index, (column, kind) in enumerate(types.items()):
            optional = column in self.names.optional
            fields.append((f"c{index}", kind | None, None) if optional else (f"c{index}", kind))
        renamed = {f"c{index}": column for index, column in enumerate(types)}
        return msgspec.defstruct(name, fields, rename=renamed, forbid_unknown_fields=True, kw_only=True)

    def read(self, body: bytes) -> Inputs:
        """Return one array per column. Raises `RequestError`."""
        try:
            request = self.body.decode(body)
            columns, rows = self._columns(request)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise invalid(str(error)) from error
        check_rows(rows, self.max_rows)
        return self._inputs(columns, rows, request.params or {})

    def accept(self, arrays: dict[str, NDArray[Any]]) -> Inputs:
        """See `Reader`."""
        self.names.check(list(arrays))
        columns = {name: one_column(name, array) for name, array in arrays.items()}
        rows = len(next(iter(columns.values())))
        check_rows(rows, self.max_rows)
        if any(len(column) != rows for column in columns.values()):
            raise invalid("the inputs have different numbers of rows")
        typed = {name: self._converted(name, column) for name, column in columns.items()}
        return self._inputs(typed, rows, {})

    def _inputs(self, given: Mapping[str, Sequence[Any]], rows: int, params: dict[str, Any]) -> Inputs:
        """In the signature's order; a column that may be left out and is, whatever the form, is null in every row."""
        left_out = [None] * rows
        arrays = {name: self._array(each, given.get(name, left_out), rows) for name, each in self.columns.items()}
        return Inputs(rows, columns=arrays, params=params)

    def _converted(self, name: str, array: NDArray[Any]) -> list[Any]:
        """The values as the signature's type, checked by the same rules as JSON."""
        try:
            found: list[Any] = msgspec.convert(array.tolist(), _list_of(self.cells[name]))
        except msgspec.ValidationError as error:
            raise invalid(f"input {name!r}: {error}", name) from error
        if any(isinstance(value, float) and not np.isfinite(value) for value in found):
            raise invalid(f"input {name!r} holds a number that is not finite", name)
        return found

    def _columns(self, request: Body) -> tuple[dict[str, Sequence[Any]], int]:
        split = getattr(request, exactly_one(request))
        if isinstance(split, Split):
            return self._from_rows(split.columns, split.data)
        start = bytes(split).lstrip()[:1]
        if start == b"{":
            return self._from_table(self.table.decode(split))
        if start == b"[" and bytes(split).lstrip()[1:].lstrip()[:1] == b"[":
            return self._from_rows(self.names.by_position(), split)
        rows = self.records.decode(split)
        values = [msgspec.structs.astuple(row) for row in rows]
        return dict(zip(self.names.names, zip(*values, strict=True), strict=False)), len(rows)

    def _from_rows(self, names: Sequence[str], data: Raw) -> tuple[dict[str, Sequence[Any]], int]:
        decode = self.orders.get(tuple(names)) or self._order(names)
        try:
            rows = decode(data)
        except msgspec.ValidationError as error:
            found = _CELL.search(str(error))
            name = names[int(found[1])] if found else None
            raise invalid(f"column {name!r}: {error}" if name is not None else str(error), name) from error
        return dict(zip(names, zip(*rows, strict=True), strict=False)), len(rows)

    def _order(self, names: Sequence[str]) -> Callable[[Raw], Any]:
        self.names.check(names)
        row: Any = tuple.__class_getitem__(tuple(self.cells[name] for name in names))
        if len(self.orders) >= _MAX_ORDERS:  # clients that permute their columns at random must not fill the memory
            self.orders.clear()
        found = self.orders[tuple(names)] = msgspec.json.Decoder(_list_of(row)).decode
        return found

    def _from_table(self, table: Any) -> tuple[dict[str, Sequence[Any]], int]:
        given = dict(zip(self.names.names, msgspec.structs.astuple(table), strict=True))
        lengths = {name: len(values) for name, values in given.items() if values is not None}
        if len(set(lengths.values())) > 1:
            raise invalid(f"the columns have different lengths: {lengths}")
        rows = next(iter(lengths.values()), 0)
        return {name: values if values is not None else [None] * rows for name, values in given.items()}, rows

    def _array(self, column: Column, values: Sequence[Any], rows: int) -> NDArray[Any]:
        allowed = self.categories.get(column.name)
        if allowed is not None and not allowed.issuperset(values):
            wrong = next(value for value in values if value not in allowed)
            known = ", ".join(repr(value) for value in sorted(allowed, key=str)[:10])
            raise invalid(f"column {column.name!r}: {wrong!r} is not one of {known}", column.name)
        if column.type == "float" and any(abs(value or 0.0) > np.finfo(np.float32).max for value in values):
            raise invalid(f"column {column.name!r} holds a number that float32 can't", column.name)
        if column.type not in _DTYPES:
            array = np.empty(rows, dtype=object)
            array[:] = values
            return array
        holes = any(value is None for value in values)
        return np.array(values, dtype="float64" if holes and column.type != "float" else _DTYPES[column.type])


def _cell(column: Column, missing: bool) -> Any:
    kind = _TYPES[column.type]
    return kind | None if missing else kind


def _list_of(kind: Any) -> Any:
    return list.__class_getitem__(kind)
