"""MLflow's request bodies, taken apart into rows."""

import json
from typing import Any

import pytest

from slipway.jobs.environment import JobError
from slipway.jobs.payload import example


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ({"dataframe_split": {"columns": ["a"], "index": [0, 1], "data": [[1], [2]]}}, 2),
        ({"dataframe_records": [{"a": 1}, {"a": 2}]}, 2),
        ({"instances": [[1, 2], [3, 4]]}, 2),
        ({"inputs": [[1, 2]]}, 1),
        ({"inputs": {"x": [[1], [2]], "y": [3, 4]}}, 2),
    ],
)
def test_each_row_becomes_a_request_of_the_same_format(body: dict[str, Any], rows: int) -> None:
    single = [json.loads(request) for request in example(body).single()]
    assert [request.keys() for request in single] == [body.keys()] * rows
    assert all(len(example(request).rows) == 1 for request in single)


def test_a_batch_repeats_the_rows_and_keeps_what_is_sent_along() -> None:
    found = example({"inputs": {"x": [1, 2], "y": [3, 4]}, "params": {"k": 1}})
    assert json.loads(found.batch(3)) == {"inputs": {"x": [1, 2, 1], "y": [3, 4, 3]}, "params": {"k": 1}}


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ([], "JSON object"),
        ({}, "exactly one of"),
        ({"inputs": [1], "instances": [1]}, "this one has 2"),
        ({"instances": []}, "no rows"),
        ({"instances": 3}, "list of rows"),
        ({"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}, "one cell per column"),
        ({"dataframe_split": [1]}, "one cell per column"),
        ({"inputs": {"x": [1], "y": [1, 2]}}, "the same length"),
        ({"inputs": {}}, "the same length"),
    ],
)
def test_other_bodies_are_refused_with_a_sentence(body: Any, sentence: str) -> None:
    with pytest.raises(JobError, match=sentence):
        example(body)
