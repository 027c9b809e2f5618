"""Large tables: read by columns of bytes, and only when they are exactly what they seem."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_server.errors import RequestError
from slipway_server.model.bundle import Column, Signature
from slipway_server.protocols.tables import bulk
from slipway_server.protocols.tables.matrix import MatrixReader

SIGNATURE = Signature(columns=tuple(Column(name, "double") for name in ("a", "b[0]", "c")))
NUMBER = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**64 - 1) | st.just(-0.0)
ROWS = st.lists(st.tuples(NUMBER, NUMBER, NUMBER), min_size=1, max_size=20)


def body(columns: Any, data: Any) -> bytes:
    """A request."""
    return json.dumps({"dataframe_split": {"columns": columns, "data": data}}).encode()


@given(rows=ROWS)
def test_the_numbers_are_those_that_the_other_reader_sees(rows: list[tuple[float, ...]]) -> None:
    found = bulk.table(body(["a", "b[0]", "c"], rows))
    assert found is not None
    expected = MatrixReader(SIGNATURE, max_rows=100, missing=()).read(body(["a", "b[0]", "c"], rows)).matrix
    assert expected is not None
    assert found.matrix.tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b'"x"',
        b'{"inputs": [[1, 2]]}',
        b'{"dataframe_split": []}',
        b'{"dataframe_split": {"data": [[1]]}}',
        b'{"dataframe_split": {"columns": "a", "data": [[1]]}}',
        b'{"dataframe_split": {"columns": ["a"], "data": 7}}',
        b'{"dataframe_split": {"columns": ["a"], "data": {"a": 1}}}',
        b'{"dataframe_split": {"columns": ["a"], "data": []}}',
        b'{"dataframe_split": {"columns": ["a"], "data": [1, 2]}}',
        b'{"dataframe_split": {"columns": ["a"], "data": [[]]}}',
        b'{"dataframe_split": {"columns": ["a"], "data": [[[1]]]}}',
        b'{"dataframe_split": {"columns": ["a\\u005b"], "data": [[[1]]]}}',
        b'{"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [3]]}}',
        b'{"dataframe_split": {"columns": ["a", "b"], "data": [[1], [2, 3], [4, 5]]}}',
        b'{"dataframe_split": {"columns": ["a", "b"], "data": [[1, [2]]]}}',
        b'{"dataframe_split": {"columns": ["a", "b"], "data": [[1, null]]}}',
        b'{"dataframe_split": {"columns": ["a", "b"], "data": [[1, true]]}}',
        b'{"dataframe_split": {"columns": ["a", "b"], "data": [[1, "2"]]}}',
        b'{"dataframe_split": {"columns": ["a", "b"], "data": ["12"]}}',
        b'{"dataframe_split": {"columns": ["a", "b"], "data": [{"a": 1, "b": 2}]}}',
        b'{"dataframe_split": {"columns": ["a"], "data": [[1]], "data": [[2]]}}',
        b'{"dataframe_split": {"columns": ["a"], "data": [[1]], "index": [0]}}',
        b'{"dataframe_split": {"columns": ["a"], "data": [[1]]}, "params": {}}',
        b'{"dataframe_split": {"columns": ["a"], "data": [[1]]}} {}',
        b'{"dataframe_split": {"columns": ["a"], "data": [[NaN]]}}',
        b'{"dataframe_split": {"columns": ["a"], "data": [[1e999]]}}',
        b'{"dataframe_split": {"columns": ["a"], "data": ' + b"[" * 5000 + b"]" * 5000 + b"}}",
        b'{"dataframe_split": {"columns": ["\xff"], "data": [[1]]}}',
    ],
)
def test_anything_else_is_left_to_the_reader_that_explains(content: bytes) -> None:
    assert bulk.table(content) is None
    assert bulk.table(body(["a"], [[1], [2]])) is not None, "and the parser is free for the next one"


def test_a_table_keeps_its_numbers_when_the_next_one_is_read() -> None:
    long = bulk.table(body(["a"], [[number] for number in range(bulk.KEPT_BYTES // 4)]))
    first, second = (bulk.table(body(["a"], [[number]] * 2000)) for number in (1, 2))
    assert long is not None
    assert first is not None
    assert second is not None
    assert (first.matrix.tolist(), second.matrix.tolist()) == ([[1]] * 2000, [[2]] * 2000)
    assert long.matrix[-1].tolist() == [bulk.KEPT_BYTES // 4 - 1]


def read(columns: list[str], data: Any, **changes: Any) -> Any:
    """What the reader makes of it."""
    options = {"max_rows": 10_000, "missing": ()} | changes
    return MatrixReader(SIGNATURE, **options).read(body(columns, data)).matrix


def test_large_tables_keep_to_the_signature() -> None:
    rows = [[1.5, 2.0, 3.0]] * 1500
    assert len(body(["a", "b[0]", "c"], rows)) > bulk.WORTH_BYTES
    assert read(["c", "b[0]", "a"], rows).tolist() == [[3.0, 2.0, 1.5]] * 1500
    assert read(["a", "b[0]", "c"], rows, dtype="float32").dtype == np.float32
    for columns, data, changes, said in (
        (["a", "b[0]", "x"], rows, {}, "'c' missing"),
        (["a", "b[0]"], [row[:2] for row in rows], {}, "'c' missing"),
        (["a", "b[0]", "c"], [row[:2] for row in rows], {}, "row 0 has 2 values"),
        (["a", "b[0]", "c"], [*rows, [1.0]], {}, "row 1500 has 1 values"),
        (["a", "b[0]", "c"], [*rows, [1.0, None, 2.0]], {}, "'b[0]'"),
        (["a", "b[0]", "c"], [*rows, [1.0, 1e300, 2.0]], {"dtype": "float32"}, "row 1500, column 'b[0]'"),
        (["a", "b[0]", "c"], rows, {"max_rows": 1499}, "1500 rows"),
    ):
        with pytest.raises(RequestError) as caught:
            read(columns, data, **changes)
        assert said in caught.value.detail


def test_missing_values_are_read_where_the_model_takes_them() -> None:
    rows = [[1.5, 2.0, 3.0]] * 1500 + [[None, 2.0, 3.0]]
    assert np.isnan(read(["a", "b[0]", "c"], rows, missing=("a",))[1500, 0])
