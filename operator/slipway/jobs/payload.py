"""MLflow's `/invocations` bodies: taken apart into rows and put together again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

from slipway.jobs.environment import JobError
from slipway_contract.formats import FORMATS


@dataclass(frozen=True, slots=True)
class Example:
    """Rows of input in one of MLflow's formats. `columns` is for dataframe_split; `rest` (params) is sent along."""

    format: str
    rows: tuple[Any, ...]
    columns: tuple[Any, ...]
    rest: dict[str, Any]

    def body(self, rows: Sequence[Any]) -> bytes:
        """A request for `rows`, in this example's format."""
        return json.dumps({**self.rest, self.format: self._content(rows)}, separators=(",", ":")).encode()

    def single(self) -> list[bytes]:
        """One request per row."""
        return [self.body([row]) for row in self.rows]

    def batch(self, size: int) -> bytes:
        """One request of `size` rows: the example's rows, over and over."""
        return self.body(list(islice(cycle(self.rows), size)))

    def _content(self, rows: Sequence[Any]) -> Any:
        if self.format == "dataframe_split":
            return {"columns": list(self.columns), "data": list(rows)}
        if self.format == "inputs" and isinstance(rows[0], dict):
            return {key: [row[key] for row in rows] for key in rows[0]}
        return list(rows)


def example(document: object) -> Example:
    """The example in a request body that was read from JSON. Raises JobError when it is none of MLflow's formats."""
    if not isinstance(document, dict):
        raise JobError("a request body must be a JSON object with one of " + ", ".join(FORMATS))
    found = [name for name in FORMATS if name in document]
    if len(found) != 1:
        raise JobError(f"a request body must have exactly one of {', '.join(FORMATS)}; this one has {len(found)}")
    name = found[0]
    rest = {key: value for key, value in document.items() if key != name}
    rows, columns = _rows(name, document[name])
    if not rows:
        raise JobError(f"the request body's {name} holds no rows; give it at least one")
    return Example(name, tuple(rows), tuple(columns), rest)


def _rows(name: str, content: Any) -> tuple[list[Any], list[Any]]:
    """The rows in `content`, and its columns for dataframe_split. Raises JobError."""
    if name == "dataframe_split":
        if not isinstance(content, dict) or not _is_table(content.get("columns"), content.get("data")):
            raise JobError("dataframe_split must have the lists columns and data, with one cell per column in each row")
        return content["data"], content["columns"]
    if name == "inputs" and isinstance(content, dict):
        return _rows_of_tensors(content), []
    if not isinstance(content, list):
        raise JobError(f"{name} must be a list of rows")
    return content, []


def _is_table(columns: object, data: object) -> bool:
    if not isinstance(columns, list) or not isinstance(data, list):
        return False
    return all(isinstance(row, list) and len(row) == len(columns) for row in data)


def _rows_of_tensors(tensors: dict[str, Any]) -> list[Any]:
    lengths = {len(value) if isinstance(value, list) else -1 for value in tensors.values()}
    if len(lengths) != 1 or -1 in lengths:
        raise JobError("named inputs must all be lists of the same length, one entry per row")
    return [{name: value[row] for name, value in tensors.items()} for row in range(lengths.pop())]
