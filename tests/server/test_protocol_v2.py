"""The Open Inference Protocol v2, as its clients speak it."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.server.client import Client
from tests.server.conftest import Serve

ROWS = np.array([[0.5, 1.0, -3.0, 0.01], [-2.0, 4, 30.0, 0.0]])
INFER = "/v2/models/demo/infer"
TABLE = {"name": "x", "shape": [2, 4], "datatype": "FP64", "data": ROWS.ravel().tolist()}
COLUMNS = [
    {"name": name, "shape": [2, 1], "datatype": "FP64", "data": ROWS[:, index].tolist()}
    for index, name in enumerate(["a", "b c", "d", "e"])
]


def test_health_and_metadata(forest_server: Client) -> None:
    assert forest_server.get("/v2").json["extensions"] == ["binary_tensor_data"]
    assert forest_server.get("/v2/health/live").json == {"live": True}
    assert forest_server.get("/v2/health/ready").json == {"ready": True}
    assert forest_server.get("/v2/models/demo/versions/7/ready").status == 200
    model = forest_server.get("/v2/models/demo").json
    assert [each["name"] for each in model["inputs"]] == ["a", "b c", "d", "e"]
    assert model["outputs"] == [
        {"name": "predict", "datatype": "INT64", "shape": [-1]},
        {"name": "predict_proba", "datatype": "FP32", "shape": [-1, 2]},
    ]


@pytest.mark.parametrize(
    "inputs", [[TABLE], [{**TABLE, "data": ROWS.tolist()}], COLUMNS], ids=["flat", "nested", "columns"]
)
def test_tensors_in_json(forest_server: Client, inputs: Any) -> None:
    reply = forest_server.post(INFER, {"id": "42", "inputs": inputs})
    output = {"name": "predict", "datatype": "INT64", "shape": [2], "data": [1, 0]}
    assert reply.json == {"model_name": "demo", "model_version": "7", "id": "42", "outputs": [output]}


def test_outputs_choose_the_method(forest_server: Client) -> None:
    asked = [{"name": "predict_proba"}, {"name": "predict"}]
    reply = forest_server.post("/v2/models/demo/versions/7/infer", {"inputs": [TABLE], "outputs": asked})
    first, second = reply.json["outputs"]
    assert (first["shape"], first["datatype"], second["data"]) == ([2, 2], "FP32", [1, 0])


def test_tensors_in_bytes_both_ways(forest_server: Client) -> None:
    given = {"name": "x", "shape": [2, 4], "datatype": "FP64", "parameters": {"binary_data_size": 64}}
    asked = {"name": "predict", "parameters": {"binary_data": True}}
    head = json.dumps({"inputs": [given], "outputs": [asked]}).encode()
    reply = forest_server.post(INFER, head + ROWS.tobytes(), inference_header_content_length=str(len(head)))
    length = int(reply.headers["inference-header-content-length"])
    output = json.loads(reply.body[:length])["outputs"][0]
    assert output["parameters"] == {"binary_data_size": 16}
    assert np.frombuffer(reply.body[length:], "<i8").tolist() == [1, 0]


def test_words_in_bytes_both_ways(mixed_server: Client) -> None:
    word = b"\x05\x00\x00\x00K\xc3\xb6ln"
    inputs = [
        {"name": "age", "shape": [1], "datatype": "FP64", "data": [20.0]},
        {"name": "rooms", "shape": [1], "datatype": "INT64", "data": [2]},
        {"name": "member", "shape": [1], "datatype": "BOOL", "data": [True]},
        {"name": "city", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": len(word)}},
    ]
    head = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}}).encode()
    reply = mixed_server.post(INFER, head + word, inference_header_content_length=str(len(head)))
    length = int(reply.headers["inference-header-content-length"])
    assert reply.body[length:] in (b"\x03\x00\x00\x00yes", b"\x02\x00\x00\x00no")


def test_a_model_of_one_tensor(serve: Serve) -> None:
    with serve("ridge") as client:
        about = client.get("/v2/models/demo").json["inputs"]
        assert about == [{"name": "input", "datatype": "FP64", "shape": [-1, 4]}]
        reply = client.post(INFER, {"inputs": [TABLE]})
        assert reply.json["outputs"][0]["shape"] == [2]
        assert reply.json["outputs"][0]["data"] == client.predict({"inputs": ROWS.tolist()}).json["predictions"]


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_compressed_body(forest_server: Client, coding: str, pack: Callable[[bytes], bytes]) -> None:
    body = json.dumps({"inputs": [TABLE]}).encode()
    assert forest_server.post(INFER, pack(body), content_encoding=coding).json["outputs"][0]["data"] == [1, 0]
    for damaged, status in ((pack(body)[:-4], 400), (b"x" + pack(body), 400), (pack(b" " * 9_000_000), 413)):
        assert forest_server.post(INFER, damaged, content_encoding=coding).status == status
    assert forest_server.post(INFER, body, content_encoding="br").status == 415


def test_a_problem_is_readable_for_clients_of_this_protocol(forest_server: Client) -> None:
    reply = forest_server.post(INFER, {"inputs": []})
    assert reply.json["error"] == reply.json["detail"]
