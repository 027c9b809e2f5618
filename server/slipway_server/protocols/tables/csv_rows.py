"""CSV bodies, as `pandas.DataFrame.to_csv(index=False)` writes them: a header line, then rows.

CSV has no types: a cell is read as `pandas.read_csv` reads it when MLflow tells it the signature's. So `01234` is a
text in a column of texts and 1234 in one of numbers; `1_000` and digits of another script, which Python takes for
numbers, are none; and `NA` is a missing value.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Collection
from typing import Any

import msgspec

from slipway_server.protocols.reader import invalid

_NUMBER = re.compile(r"[ \t]*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?[ \t]*")
_WHOLE = re.compile(r"[ \t]*[+-]?[0-9]{1,19}[ \t]*")
_MOST_INTEGER, _MOST_EXACT = 2**63 - 1, 2.0**53
_NULLS = frozenset({"", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"})
_MISSING = _NULLS | {"#N/A", "#N/A N/A", "#NA", "-NaN", "-nan", "-1.#IND", "-1.#QNAN", "1.#IND", "1.#QNAN"}
"""What pandas takes for a missing value in any column."""
_TRUTH = {"True": True, "TRUE": True, "true": True, "False": False, "FALSE": False, "false": False}


def to_json(body: bytes, texts: Collection[str] = ()) -> bytes:
    """Return the same rows as a `dataframe_split` body; the columns `texts` hold texts. A missing cell is null.

    Raises `RequestError`.
    """
    try:
        lines = list(csv.reader(io.StringIO(body.decode(), newline=""), strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise invalid(f"the body is no CSV in UTF-8: {error}") from error
    if not lines:
        raise invalid("the body is empty; send a header line with the columns' names and then the rows")
    header, *rows = lines
    kept = {index for index, name in enumerate(header) if name in texts}
    data = [[_text(text) if i in kept else _value(text) for i, text in enumerate(row)] for row in rows if row]
    return msgspec.json.encode({"dataframe_split": {"columns": header, "data": data}})


def _text(text: str) -> str | None:
    return None if text in _MISSING else text


def _value(text: str) -> Any:
    """A number or truth value where the text is one, else the text, which the signature then refuses."""
    if text in _MISSING:
        return None
    if _WHOLE.fullmatch(text) and abs(int(text)) <= _MOST_INTEGER:
        return int(text)
    if not _NUMBER.fullmatch(text):
        return _TRUTH.get(text, text)
    number = float(text)
    if number and number.is_integer() and abs(number) < _MOST_EXACT:
        return int(number)  # a column of integers takes 1e3
    return number if math.isfinite(number) else text
