"""Every request that does not fit gets a 4xx that says what was wrong and where; never a 500, never a traceback."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest

from tests.server.client import Client

NAMES = ["a", "b c", "d", "e"]
ROW = [1.0, 2.0, 3.0, 4.0]
RECORD = dict(zip(NAMES, ROW, strict=True))


def split(data: Any, columns: Any = NAMES) -> dict[str, Any]:
    """A request in pandas' split orientation."""
    return {"dataframe_split": {"columns": columns, "data": data}}


BODIES: dict[str, tuple[Any, str]] = {
    "nothing": (b"", "truncated"),
    "no JSON": (b"{", "truncated"),
    "two documents": (b'{"inputs": [[1,2,3,4]]} {}', "malformed"),
    "not UTF-8": (b'{"inputs": "\xff\xfe"}', ""),
    "not UTF-8 in a cell": (b'{"dataframe_split": {"columns": ["a"], "data": [["\xda"]]}}', ""),
    "a number": (b"7", "object"),
    "a list": (b"[[1,2,3,4]]", "object"),
    "null": (b"null", "object"),
    "a string": (b'"x"', "object"),
    "an empty object": ({}, "exactly one"),
    "only params": ({"params": {}}, "exactly one"),
    "two formats": ({"inputs": [ROW], "instances": [ROW]}, "exactly one"),
    "split and records": ({**split([ROW]), "dataframe_records": [RECORD]}, "exactly one"),
    "split is a list": ({"dataframe_split": [ROW]}, "object"),
    "split without data": ({"dataframe_split": {"columns": NAMES}}, "data"),
    "split without columns": ({"dataframe_split": {"data": [ROW]}}, "columns"),
    "columns are numbers": (split([ROW], [1, 2, 3, 4]), "columns"),
    "no rows": (split([]), "no rows"),
    "no records": ({"dataframe_records": []}, "no rows"),
    "no instances": ({"instances": []}, "no rows"),
    "a column missing": (split([ROW[:3]], NAMES[:3]), "'e' missing"),
    "a column unknown": (split([[*ROW, 5]], [*NAMES, "f"]), "'f' unknown"),
    "a column twice": (split([[*ROW, 5]], [*NAMES, "a"]), "twice"),
    "a column of another case": (split([ROW], ["A", *NAMES[1:]]), "'a' missing"),
    "a row too short": (split([ROW, ROW[:3]]), "row 1 has 3 values"),
    "a row too long": (split([[*ROW, 5]]), "row 0 has 5 values"),
    "ragged rows of the right total": (split([[1, 2, 3], [1, 2, 3, 4, 5]]), "row 0 has 3 values"),
    "an empty row": (split([[]]), "row 0 has 0 values"),
    "a row that is a number": (split([7]), "array"),
    "a row that is an object": (split([RECORD]), "array"),
    "a table one level too deep": (split([[ROW]]), "float"),
    "a word for a number": (split([["x", 2, 3, 4]]), "'a'"),
    "a number in quotes": (split([[1, "2", 3, 4]]), "'b c'"),
    "a truth value": (split([[1, 2, True, 4]]), "'d'"),
    "an object in a cell": (split([[1, 2, {}, 4]]), "'d'"),
    "a list in a cell": (split([[1, 2, [3], 4]]), "'d'"),
    "NaN as MLflow's clients write it": (b'{"inputs": [[NaN, 2, 3, 4]]}', "malformed"),
    "Infinity": (b'{"inputs": [[Infinity, 2, 3, 4]]}', "malformed"),
    "a number beyond float64": (b'{"inputs": [[1e999, 2, 3, 4]]}', "range"),
    "a number beyond float32": (split([[1, 1e300, 3, 4]]), "'b c'"),
    "a hexadecimal number": (b'{"inputs": [[0x10, 2, 3, 4]]}', "malformed"),
    "a record without a column": ({"dataframe_records": [{"a": 1}]}, "missing"),
    "a record with a column too many": ({"dataframe_records": [RECORD | {"f": 1}]}, "'f' unknown"),
    "a record that is a list": ({"dataframe_records": [ROW]}, "object"),
    "a record with a string": ({"dataframe_records": [RECORD | {"a": "x"}]}, "float"),
    "records that differ": ({"dataframe_records": [RECORD, {"a": 1}]}, "missing"),
    "instances of both kinds": ({"instances": [ROW, RECORD]}, "row 1"),
    "instances of numbers": ({"instances": [1, 2, 3, 4]}, ""),
    "instances of the wrong width": ({"instances": [[1, 2, 3]]}, "4 columns"),
    "inputs by column of different lengths": ({"inputs": {"a": [1], "b c": [1, 2], "d": [1], "e": [1]}}, "lengths"),
    "inputs by column, one missing": ({"inputs": {"a": [1], "b c": [1]}}, "missing"),
    "inputs by column, one unknown": ({"inputs": {n: [1] for n in [*NAMES, "f"]}}, "unknown"),
    "inputs by column, of numbers": ({"inputs": dict.fromkeys(NAMES, 1)}, "array"),
    "inputs is a string": ({"inputs": "x"}, ""),
    "params is a list": ({"inputs": [ROW], "params": [1]}, "params"),
    "an unknown parameter": ({"inputs": [ROW], "params": {"temperature": 1}}, "predict_fn"),
    "an unknown method": ({"inputs": [ROW], "params": {"predict_fn": "fit"}}, "predict_fn"),
    "a private method": ({"inputs": [ROW], "params": {"predict_fn": "__reduce__"}}, "predict_fn"),
    "nested deeper than any stack": (b'{"inputs": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", ""),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_bad_body_is_refused_in_words(forest_server: Client, name: str) -> None:
    body, said = BODIES[name]
    reply = forest_server.predict(body)
    assert reply.status == 400, reply.body
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json["status"] == 400
    assert said in reply.json["detail"]
    assert "Traceback" not in reply.json["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [(split([ROW[:3]], NAMES[:3]), "e"), (split([[*ROW, 5]], [*NAMES, "f"]), "f"), (split([[1, 1e300, 3, 4]]), "b c")],
)
def test_the_problem_names_the_field(forest_server: Client, body: Any, field: str) -> None:
    assert forest_server.predict(body).json["field"] == field


PEOPLE = ["age", "rooms", "city", "member"]
PERSON = [33.5, 2, "Bonn", True]
TYPED: dict[str, tuple[Any, str]] = {
    "a word for a number": (split([["x", 2, "Bonn", True]], PEOPLE), "'age'"),
    "a fraction for an integer": (split([[33.5, 2.5, "Bonn", True]], PEOPLE), "'rooms'"),
    "an integer beyond 64 bits": (split([[33.5, 2**64, "Bonn", True]], PEOPLE), "'rooms'"),
    "null for an integer": (split([[33.5, None, "Bonn", True]], PEOPLE), "'rooms'"),
    "a number for a word": (split([[33.5, 2, 7, True]], PEOPLE), "'city'"),
    "null for a word": (split([[33.5, 2, None, True]], PEOPLE), "'city'"),
    "a word that the encoder never met": (split([[33.5, 2, "Rome", True]], PEOPLE), "'Rome' is not one of"),
    "a number for a truth value": (split([[33.5, 2, "Bonn", 1]], PEOPLE), "'member'"),
    "a word for a truth value": (split([[33.5, 2, "Bonn", "yes"]], PEOPLE), "'member'"),
    "a row too short": (split([PERSON[:3]], PEOPLE), "length 4"),
    "a column missing": (split([PERSON[:3]], PEOPLE[:3]), "'member' missing"),
    "a record with an unknown column": (
        {"dataframe_records": [dict(zip(PEOPLE, PERSON, strict=True)) | {"x": 1}]},
        "x",
    ),
    "columns of different lengths": (
        {"inputs": {"age": [1.0, 2.0], "rooms": [1], "city": ["Bonn"], "member": [True]}},
        "lengths",
    ),
    "no rows": (split([], PEOPLE), "no rows"),
    "records that are no list": ({"dataframe_records": {}}, ""),
}


@pytest.mark.parametrize("name", TYPED)
def test_a_value_of_the_wrong_type_is_never_cast(mixed_server: Client, name: str) -> None:
    body, said = TYPED[name]
    reply = mixed_server.predict(body)
    assert reply.status == 400, reply.body
    assert said in reply.json["detail"]


def test_csv_is_checked_like_json(mixed_server: Client) -> None:
    for body, said in (
        (b"", "empty"),
        (b"age,rooms,city,member\n", "no rows"),
        (b"age,rooms\n1,2\n", "missing"),
        (b"age,rooms,city,member\nx,2,Bonn,True\n", "'age'"),
        (b"age,rooms,city,member\n1,2\n", "length"),
        (b'age,rooms,city,member\n1,2,"Bo', "CSV"),
        (b"\xff\xfe", "UTF-8"),
    ):
        reply = mixed_server.predict(body, content_type="text/csv")
        assert reply.status == 400, (body, reply.body)
        assert said in reply.json["detail"], body


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/x-www-form-urlencoded", 415),
        ("text/plain", 415),
        ("application/xml", 415),
        ("application/vnd.apache.parquet", 415),
        ("application/json; charset=latin-1", 415),
    ],
)
def test_other_media_types(forest_server: Client, kind: str, status: int) -> None:
    assert forest_server.predict({"inputs": [ROW]}, content_type=kind).status == status


@pytest.mark.parametrize("path", ["/", "/invocation", "/invocations/", "/v3", "/../etc/passwd", "/%00", "/v2/models"])
def test_paths_that_do_not_exist(forest_server: Client, path: str) -> None:
    assert forest_server.get(path).status == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/invocations", "POST"),
        ("PUT", "/invocations", "POST"),
        ("POST", "/readyz", "GET"),
        ("DELETE", "/v2", "GET"),
    ],
)
def test_wrong_methods_are_told_the_right_one(forest_server: Client, method: str, path: str, allowed: str) -> None:
    reply = forest_server.ask(method, path, b"" if method != "GET" else None)
    assert (reply.status, reply.headers["allow"]) == (405, allowed)


V2 = "/v2/models/demo/infer"


def tensor(**changes: Any) -> dict[str, Any]:
    """A request with one tensor of all columns."""
    return {"inputs": [{"name": "input", "shape": [1, 4], "datatype": "FP64", "data": ROW, **changes}]}


TENSORS: dict[str, tuple[Any, str]] = {
    "no inputs": ({"inputs": []}, "no inputs"),
    "inputs missing": ({}, "inputs"),
    "no name": ({"inputs": [{"shape": [1, 4], "datatype": "FP64", "data": ROW}]}, "name"),
    "an unknown type": (tensor(datatype="FP99"), "FP99"),
    "a negative size": (tensor(shape=[-1, 4]), "shape"),
    "an enormous size": (tensor(shape=[2**40, 4]), "shape"),
    "a shape that does not fit the data": (tensor(shape=[2, 4]), "4 values"),
    "a shape that does not fit the model": (tensor(shape=[4]), "[rows, 4]"),
    "strings for numbers": (tensor(data=["1", "2", "3", "4"]), "FP64"),
    "truth values for numbers": (tensor(data=[True, True, False, False]), "FP64"),
    "words for a column": (tensor(datatype="BYTES", data=["1", "2", "3", "4"]), "no numbers"),
    "beyond the type": (tensor(datatype="INT8", data=[1, 2, 3, 400]), "INT8"),
    "integers beyond 2^53": (tensor(datatype="INT64", data=[1, 2, 3, 2**60]), "2^53"),
    "beyond float32": (tensor(datatype="FP32", data=[1, 2, 3, 1e200]), "FP32"),
    "the same name twice": ({"inputs": tensor()["inputs"] * 2}, "twice"),
    "a column missing": (
        {"inputs": [{"name": n, "shape": [1], "datatype": "FP64", "data": [1]} for n in "ad"]},
        "missing",
    ),
    "an unknown output": ({**tensor(), "outputs": [{"name": "logits"}]}, "logits"),
    "no data": (tensor(data=None), ""),
    "no rows": (tensor(shape=[0, 4], data=[]), "no rows"),
    "bytes that are not there": (tensor(data=None, parameters={"binary_data_size": 32}), "beyond the body"),
}


@pytest.mark.parametrize("name", TENSORS)
def test_a_bad_inference_request_is_refused_in_words(forest_server: Client, name: str) -> None:
    body, said = TENSORS[name]
    reply = forest_server.post(V2, body)
    assert reply.status == 400, reply.body
    assert said in reply.json["detail"]


def test_bad_binary_tensors(forest_server: Client) -> None:
    head = json.dumps(tensor(data=None, parameters={"binary_data_size": 32})).encode()
    numbers = struct.pack("<4d", *ROW)
    for length, content, said in (
        (len(head), numbers[:-1], "beyond the body"),
        (len(head), numbers + b"x", "belong to no input"),
        (len(head) + 999, numbers, "Inference-Header-Content-Length"),
        (len(head), struct.pack("<4d", float("-inf"), 1, 2, 3), "not finite"),
        (len(head), struct.pack("<4d", float("inf"), 1, 2, 3), "not finite"),
    ):
        reply = forest_server.post(V2, head + content, inference_header_content_length=str(length))
        assert reply.status == 400, reply.body
        assert said in reply.json["detail"]


@pytest.mark.parametrize("path", ["/v2/models/other/infer", "/v2/models/demo/versions/8/infer"])
def test_other_models_and_versions_are_not_here(forest_server: Client, path: str) -> None:
    assert forest_server.post(path, tensor()).status == 404
