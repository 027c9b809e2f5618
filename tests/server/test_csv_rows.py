"""Cells of CSV are what `pandas.read_csv` makes of them when MLflow tells it the signature's types."""

from __future__ import annotations

import io
import json
import math
from typing import Any

import pandas as pd
import pytest
from pandas._libs.parsers import STR_NA_VALUES

from slipway_server.errors import RequestError
from slipway_server.model.bundle import Bundle, Column, ColumnType, Signature
from slipway_server.model.inputs import Inputs
from slipway_server.protocols.select import read, reader_for
from slipway_server.protocols.tables.csv_rows import to_json
from slipway_server.settings import Settings

CSV = [(b"content-type", b"text/csv")]
NUMBERS = ["7", "-7", "+5", " 7", "7 ", "01234", "1.5", ".5", "1.", "1e3", "1E-5", "-0.25", "123456789012345678"]
NO_NUMBERS = [
    "1_000",
    "1_0.5",
    "1e1_0",
    "١٢",
    "١.٥",
    "２",
    "0x10",
    "1d5",
    "--5",
    "1e",
    ".",
    "Bonn",
    "\u00a07",
    "7\u2003",
]
TRUTH = ["True", "TRUE", "true", "False", "FALSE", "false"]


def by_pandas(cell: str, dtype: Any) -> Any:
    """What MLflow's scoring server hands to a model of one column."""
    return pd.read_csv(io.StringIO(f"a,b\n{cell},1\n"), dtype=None if dtype is None else {"a": dtype})["a"].iloc[0]


def by_us(cell: str, kind: ColumnType, *others: ColumnType, missing: tuple[str, ...] = ()) -> Any:
    """The same by the reader that a model of such columns gets."""
    columns = tuple(Column(name, each) for name, each in zip("abc", (kind, *(others or ("double",))), strict=False))
    reader = reader_for(
        Bundle("sha256:0", "sklearn", "native", "", Signature(columns=columns), missing=missing), Settings()
    )
    found = read(reader, CSV, f"{','.join(c.name for c in columns)}\n{cell},1\n".encode())
    return _first(found)


def _first(inputs: Inputs) -> Any:
    return inputs.matrix[0][0] if inputs.matrix is not None else (inputs.columns or {})["a"][0]


@pytest.mark.parametrize("cell", [*NUMBERS, *NO_NUMBERS, *TRUTH])
def test_a_column_of_strings_keeps_every_cell_as_it_is(cell: str) -> None:
    assert by_us(cell, "string") == by_pandas(cell, object) == cell


@pytest.mark.parametrize("other", ["double", "string"], ids=["all are numbers", "one of several types"])
@pytest.mark.parametrize("cell", NUMBERS)
def test_a_column_of_numbers_reads_what_pandas_reads(cell: str, other: ColumnType) -> None:
    assert by_us(cell, "double", other) == by_pandas(cell, "float64") == float(cell)


@pytest.mark.parametrize("cell", ["01234", "+5", " 7", "1e3", "7."])
def test_a_column_of_integers_reads_what_pandas_reads(cell: str) -> None:
    assert by_us(cell, "long", "string") == by_us(cell, "long", "double") == by_pandas(cell, "int64")


@pytest.mark.parametrize("other", ["double", "string"], ids=["all are numbers", "one of several types"])
@pytest.mark.parametrize("kind", ["integer", "long", "float", "double"])
@pytest.mark.parametrize("cell", NO_NUMBERS)
def test_what_pandas_does_not_take_for_a_number_is_refused(cell: str, kind: ColumnType, other: ColumnType) -> None:
    with pytest.raises(ValueError, match=r"."):
        by_pandas(cell, "float64")
    with pytest.raises(RequestError) as refused:
        by_us(cell, kind, other)
    assert refused.value.status == 400


@pytest.mark.parametrize("cell", TRUTH)
def test_truth_values_are_those_of_pandas(cell: str) -> None:
    assert by_us(cell, "boolean") == by_pandas(cell, "bool") == (cell.lower() == "true")


def test_texts_of_digits_are_no_times_nor_bytes_of_another_value() -> None:
    assert by_us("2026-01-02T03:04:05", "datetime").year == 2026
    assert by_us("1234", "binary") == b"\xd7\x6d\xf8", "Base64, as in JSON"


@pytest.mark.parametrize("cell", ["9" * 19, "9" * 30, "9" * 400, "9" * 5000, "1e400", "inf"])
def test_numbers_beyond_those_of_json_are_refused_or_read_as_floats(cell: str) -> None:
    value = json.loads(to_json(f"a,b\n{cell},1\n".encode()))["dataframe_split"]["data"][0][0]
    assert value == (float(cell) if len(cell) in (19, 30) else cell)


@pytest.mark.parametrize("cell", sorted(STR_NA_VALUES))
def test_a_missing_value_is_what_pandas_takes_for_one(cell: str) -> None:
    assert pd.isna(by_us(cell, "double", missing=("a",)))
    assert by_us(cell, "string", missing=("a",)) is None
    assert pd.isna(by_pandas(cell, object))
    for kind in ("double", "string"):
        with pytest.raises(RequestError, match="null"):
            by_us(cell, kind)


def test_long_integers_keep_every_digit_and_zero_its_sign() -> None:
    assert by_us("9223372036854775807", "long", "string") == by_pandas("9223372036854775807", "int64") == 2**63 - 1
    assert math.copysign(1, by_us("-0.0", "double")) == -1


def test_an_empty_cell_is_null_whatever_its_column_and_a_row_keeps_its_length() -> None:
    found = json.loads(to_json(b"a,b\n,\n01,02,03\n04\n", {"a"}))["dataframe_split"]["data"]
    assert found == [[None, None], ["01", 2, 3], ["04"]]
