"""Whose fault a failure is: what a client sends is refused with 4xx; a model that fails on valid input is a 500."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from slipway_server.errors import RequestError, unknown_params
from slipway_server.foreign import ForeignError
from slipway_server.model.bundle import Bundle, Signature
from slipway_server.model.inputs import Inputs
from slipway_server.observing.drift import Bins, Drift, Reference
from slipway_server.predictor.accountable import Accountable
from slipway_server.predictor.runner import Limits
from slipway_server.predictor.threads import ThreadRunner
from slipway_server.protocols.free import FreeReader
from slipway_server.protocols.problem import MOST, encode
from slipway_server.serving.service import Model
from tests.server.client import Client
from tests.server.conftest import Serve
from tests.server.fuzz.models import OWN
from tests.server.models import MODELS

V2 = "/v2/models/demo/infer"


@pytest.fixture(scope="module")
def own(serve: Serve) -> Iterator[Callable[[str], Any]]:
    """Servers of the fuzz's models."""
    with pytest.MonkeyPatch.context() as patch:
        for name, save in OWN.items():
            patch.setitem(MODELS, name, save)
        yield serve


class Picky:
    """A Python function without a signature: fails on what has no numbers, and on everything once it is broken."""

    rowwise = False
    broken = False

    def predict(self, inputs: Inputs) -> Any:
        if self.broken or not all(isinstance(value, int | float) for value in inputs.raw):
            raise TypeError("unsupported operand")
        return inputs.raw


async def blamed(model: Model, raw: Any) -> int:
    """The status that a request gets."""
    try:
        await model.predict(Inputs(1, raw=raw))
    except RequestError as error:
        return error.status
    return 200


async def test_without_a_signature_the_models_own_example_tells_whose_fault_it_is() -> None:
    picky = Picky()
    with asked(picky, Inputs(1, raw=[1, 2])) as model:
        assert await blamed(model, ["x"]) == 400
        assert await blamed(model, [3]) == 200
        picky.broken = True
        assert await blamed(model, ["x"]) == 500
        assert await blamed(model, [3]) == 500


async def test_without_an_example_the_first_answered_request_tells() -> None:
    picky = Picky()
    with asked(picky, None) as model:
        assert await blamed(model, ["x"]) == 400, "nobody has said yet what a valid request is"
        assert await blamed(model, [3]) == 200
        assert await blamed(model, ["x"]) == 400
        picky.broken = True
        assert await blamed(model, [3]) == 500


@contextmanager
def asked(picky: Picky, example: Inputs | None) -> Iterator[Model]:
    """A served model that knows more about its inputs than its signature, which it does not have."""
    bundle = Bundle("sha256:0", "pyfunc", "native", "", Signature())
    runner = ThreadRunner(Accountable(picky, example), Limits(1, 9, 9.0))
    yield Model(bundle, FreeReader(Signature(), max_rows=9), runner, Drift(bundle, Reference()))
    runner.close()


def test_mlflows_own_word_for_an_input_that_does_not_fit_is_a_refusal() -> None:
    from mlflow.exceptions import MlflowException

    assert ForeignError(MlflowException.invalid_parameter_value("no")).refusal
    assert not ForeignError(MlflowException("down")).refusal
    assert not ForeignError(KeyError("x")).refusal


def test_what_a_client_repeats_in_an_error_is_cut_and_always_written() -> None:
    body = json.loads(encode(RequestError(400, "t", "\ud800" + "x" * 90_000, "y" * 90_000)))
    assert len(body["detail"]) == len(body["field"]) == MOST
    nested: Any = []
    for _ in range(3000):
        nested = [nested]
    assert len(str(unknown_params({"predict_fn": nested}, "predict"))) < 300
    assert len(str(unknown_params({"x" * 9000: nested}, "predict"))) < 300


def test_optional_columns_may_be_left_out_though_their_drift_is_counted(own: Callable[[str], Any]) -> None:
    with own("optional") as client:
        for body in (
            {"dataframe_split": {"columns": ["rooms"], "data": [[3]]}},
            {"dataframe_split": {"columns": ["rooms", "age"], "data": [[3, 50.0]]}},
            {"dataframe_records": [{"rooms": 1}]},
        ):
            assert client.predict(body).status == 200, client.predict(body).body
        text = client.get("/metrics").body
    assert b'inference_feature_rows_total{bin="1",feature="age"} 1.0' in text


def test_answers_that_cannot_be_looked_up_are_counted_as_other() -> None:
    bundle = Bundle("sha256:0", "pyfunc", "native", "", Signature(), classes=("a",))
    drift = Drift(bundle, Reference({"x": Bins((1.0,))}))
    answers = np.empty(4, dtype=object)
    answers[:] = ["a", {"b": 1}, [1], None]
    drift.seen(Inputs(4, raw=[]), answers)
    drift.flush()
    counts = [drift.block.total(drift.class_start + place) for place in (0, 1)]
    assert counts == [1, 3]


def tensors(client: Client, **more: Any) -> dict[str, Any]:
    """The outputs of an answer, by name."""
    named = {"a": 1.0, "b c": 2.0, "d": 3.0, "e": 4.0}
    inputs = [{"name": n, "shape": [2, 1], "datatype": "FP64", "data": [v, v + 1]} for n, v in named.items()]
    reply = client.post(V2, {"inputs": inputs, **more})
    assert reply.status == 200, reply.body
    return {each["name"]: each for each in reply.json["outputs"]}


def test_a_dict_of_arrays_is_an_output_for_each(own: Callable[[str], Any]) -> None:
    with own("forecast") as client:
        about = client.get("/v2/models/demo").json["outputs"]
        assert about == [{"name": name, "datatype": "FP64", "shape": [-1]} for name in ("yhat", "upper")]
        found = tensors(client)
        assert {name: each["data"] for name, each in found.items()} == {"yhat": [4.0, 6.0], "upper": [6.0, 9.0]}
        assert set(tensors(client, outputs=[{"name": "upper"}])) == {"upper"}
        assert set(tensors(client, outputs=[{"name": "predict"}])) == {"yhat", "upper"}
        assert client.post(V2, {"inputs": [], "outputs": [{"name": "upper"}]}).status == 400


def test_answers_that_are_no_numbers_are_text(own: Callable[[str], Any]) -> None:
    with own("free") as client:
        reply = client.post(V2, {"inputs": [{"name": "x", "shape": [1], "datatype": "FP64", "data": [1.0]}]})
        assert reply.status == 400, "what the model can't use without a signature is the request's fault"
        rows = [{"a": 1.0, "e": 2.0, "d": 3.0}]
        assert client.predict({"dataframe_records": rows}).json == {"predictions": [{"sum": 3.0, "word": "3.0"}]}
        assert client.predict({"dataframe_records": [{"a": 1.0}]}).status == 400


TENSOR = {"name": "input", "shape": [1, 4], "datatype": "FP64", "data": [1.0, 2.0, 3.0, 4.0]}


def deep(levels: int) -> list[Any]:
    """A list in a list in a list."""
    found: list[Any] = [1.0, 2.0, 3.0, 4.0]
    for _ in range(levels):
        found = [found]
    return found


@pytest.mark.parametrize(
    "body",
    [
        {"inputs": [{**TENSOR, "data": [10**400, 1, 2, 3]}]},
        {"inputs": [{**TENSOR, "data": [[1, 2], 3, 4]}]},
        {"inputs": [{**TENSOR, "shape": [1] * 70}]},
        {"inputs": [{**TENSOR, "shape": [0, 2**31, 2**31, 2**31], "data": []}]},
        {"inputs": [{**TENSOR, "shape": [10**30, 4]}]},
        {"inputs": [{**TENSOR, "shape": []}]},
        {"inputs": [TENSOR], "outputs": [{"name": "predict"}] * 2},
        {"inputs": [{**TENSOR, "parameters": {"binary_data_size": True}}]},
        {"inputs": [{**TENSOR, "parameters": {"binary_data_size": 10**400}}]},
    ],
    ids=str,
)
def test_strange_tensors_are_refused(forest_server: Client, body: Any) -> None:
    content = json.dumps(body).encode()
    assert forest_server.post(V2, content).status == 400


def test_data_may_be_nested_deeply_and_bytes_are_truth_values(forest_server: Client) -> None:
    assert forest_server.post(V2, {"inputs": [{**TENSOR, "data": deep(500)}]}).status == 200
    assert (
        forest_server.post(V2, json.dumps({"inputs": [TENSOR]}), inference_header_content_length="9" * 5000).status
        == 400
    )


@pytest.mark.parametrize(
    "params", [{"predict_fn": ["predict"]}, {"predict_fn": {}}, {"predict_fn": None}, {"x": deep(400)}]
)
def test_strange_params_are_refused(forest_server: Client, params: Any) -> None:
    assert forest_server.predict({"inputs": [[1, 2, 3, 4]], "params": params}).status == 400
