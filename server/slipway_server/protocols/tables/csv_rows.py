"""CSV bodies, as `pandas.DataFrame.to_csv(index=False)` writes them: a header line, then rows."""

from __future__ import annotations

import csv
import io
import math
from typing import Any

import msgspec

from slipway_server.protocols.reader import invalid


def to_json(body: bytes) -> bytes:
    """Return the same rows as a `dataframe_split` body. An empty cell is null. Raises `RequestError`."""
    try:
        lines = list(csv.reader(io.StringIO(body.decode(), newline=""), strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise invalid(f"the body is no CSV in UTF-8: {error}") from error
    if not lines:
        raise invalid("the body is empty; send a header line with the columns' names and then the rows")
    data = [[_cell(text) for text in line] for line in lines[1:] if line]
    return msgspec.json.encode({"dataframe_split": {"columns": lines[0], "data": data}})


def _cell(text: str) -> Any:
    """A number where the text is one, else the text."""
    if text == "":
        return None
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return {"True": True, "False": False, "true": True, "false": False}.get(text, text)
    return number if math.isfinite(number) else text
