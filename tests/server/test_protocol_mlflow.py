"""MLflow's scoring protocol, as its clients speak it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from slipway_server.model import bundle as bundles
from slipway_server.model.bundle import Bundle, Column, Signature
from slipway_server.wire.documents.openapi import schema
from slipway_server.wire.documents.page import page
from tests.server.client import Client
from tests.server.conftest import Serve

NAMES = ["a", "b c", "d", "e"]
ROWS = [[0.5, 1.0, -3.0, 0.01], [-2.0, 4, 30.0, 0.0]]
RECORDS = [dict(zip(NAMES, row, strict=True)) for row in ROWS]
TABLE = {name: [row[index] for row in ROWS] for index, name in enumerate(NAMES)}

FORMATS: dict[str, Any] = {
    "split": {"dataframe_split": {"columns": NAMES, "data": ROWS}},
    "split with an index": {"dataframe_split": {"index": [4, 9], "columns": NAMES, "data": ROWS}},
    "split in another order": {"dataframe_split": {"columns": NAMES[::-1], "data": [row[::-1] for row in ROWS]}},
    "records": {"dataframe_records": RECORDS},
    "instances of records": {"instances": RECORDS},
    "instances of rows": {"instances": ROWS},
    "inputs by column": {"inputs": TABLE},
    "inputs of rows": {"inputs": ROWS},
    "params": {"inputs": ROWS, "params": {"predict_fn": "predict"}},
    "a key that nobody knows": {"inputs": ROWS, "client_request_id": "7"},
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gets_the_same_answer(forest_server: Client, name: str) -> None:
    reply = forest_server.predict(FORMATS[name])
    assert (reply.status, reply.json) == (200, {"predictions": [1, 0]})


def test_csv_is_answered_like_json(forest_server: Client) -> None:
    lines = [",".join(NAMES), *(",".join(map(str, row)) for row in ROWS)]
    reply = forest_server.predict("\n".join(lines).encode(), content_type="text/csv")
    assert (reply.status, reply.json) == (200, {"predictions": [1, 0]})


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8"]
)
def test_json_may_name_its_charset(forest_server: Client, kind: str) -> None:
    assert forest_server.predict(FORMATS["records"], content_type=kind).status == 200


def test_params_choose_probabilities(forest_server: Client) -> None:
    reply = forest_server.predict({"inputs": ROWS, "params": {"predict_fn": "predict_proba"}})
    assert [len(row) for row in reply.json["predictions"]] == [2, 2]
    assert all(abs(sum(row) - 1) < 1e-6 for row in reply.json["predictions"])


def test_a_classifier_without_probabilities_offers_none(serve: Serve, fetched: Callable[[str], Path]) -> None:
    assert bundles.read(fetched("undecided")).kind == "native"
    with serve("undecided") as server:
        assert set(server.predict({"inputs": ROWS}).json["predictions"]) <= {0, 1}
        refused = server.predict({"inputs": ROWS, "params": {"predict_fn": "predict_proba"}})
        offered = server.get("/v2/models/demo").json["outputs"]
    assert (refused.status, "predict_proba" in refused.json["detail"]) == (400, True)
    assert [output["name"] for output in offered] == ["predict"]


def test_columns_of_several_types(mixed_server: Client) -> None:
    body = {"dataframe_split": {"columns": ["city", "age", "rooms", "member"], "data": [["Ulm", 20.5, 3, True]]}}
    assert mixed_server.predict(body).json["predictions"] in (["yes"], ["no"])


@pytest.mark.parametrize("model", ["forest", "mixed", "ridge", "boosted", "scaled_forest"])
def test_a_model_answers_the_example_that_it_offers(serve: Serve, model: str) -> None:
    with serve(model) as client:
        reply = client.predict(client.get("/slipway/example").body)
        assert reply.status == 200
        assert len(reply.json["predictions"]) == 3


def test_every_answer_names_version_and_revision(forest_server: Client) -> None:
    asked = [
        forest_server.predict({"inputs": ROWS}),
        forest_server.predict({}),
        *map(forest_server.get, ("/readyz", "/nowhere", "/docs", "/openapi.json", "/v2", "/metrics")),
    ]
    assert {(reply.headers["x-model-version"], reply.headers["x-slipway-revision"]) for reply in asked} == {
        ("7", "demo-abc")
    }


def test_probes_and_version(forest_server: Client) -> None:
    assert [forest_server.get(path).status for path in ("/livez", "/readyz", "/ping", "/health", "/version")] == [
        200
    ] * 5


def test_info_tells_how_the_model_is_served_and_why(forest_server: Client, bundle_of: Callable[[str], Bundle]) -> None:
    info = forest_server.get("/slipway/info").json
    assert info["compiled"] is True
    assert info["digest"] == bundle_of("forest").digest
    assert "proved equal" in info["why"]
    assert info["signature"]["columns"][1] == {"name": "b c", "type": "double", "required": True}


def test_openapi_has_the_signature_and_the_example(forest_server: Client) -> None:
    document = forest_server.get("/openapi.json").json
    assert document["components"]["schemas"]["Row"]["required"] == NAMES
    content = document["paths"]["/invocations"]["post"]["requestBody"]["content"]["application/json"]
    assert forest_server.predict(content["example"]).status == 200


def test_the_page_for_people_loads_nothing_and_runs_nothing(forest_server: Client) -> None:
    answer = forest_server.get("/docs")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    html = answer.body.decode()
    assert not re.search(r"<script|src=|@import|https?://", html)
    assert all(f"<td>{name}<td>" in html for name in NAMES)
    assert set(re.findall(r'href="([^"]+)"', html)) >= {"/slipway/info", "/openapi.json"}


def test_what_a_model_calls_itself_is_text_on_the_page() -> None:
    column = Column("<b>x</b>", "double", True)
    bundle = Bundle(
        digest="", flavor="sklearn", kind="native", why="<i>why</i>", signature=Signature(columns=(column,))
    )
    html = page(schema(bundle, "<u>name</u>", "1"))
    assert not re.search(r"<(b|i|u)>", html)
    assert "&lt;b&gt;x&lt;/b&gt;" in html


def test_mlflows_own_example_is_taken_as_it_is(forest_server: Client, saved: Callable[[str], Path]) -> None:
    body = (saved("forest") / "serving_input_example.json").read_bytes()
    assert forest_server.predict(body).status == 200
