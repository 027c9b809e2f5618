"""What a client sends is never a failure of the model: 400 on every route, 500 only where the model is broken."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slipway_server.errors import RequestError
from slipway_server.foreign import ForeignError
from slipway_server.model.bundle import Bundle, Column, Signature
from slipway_server.model.inputs import Inputs
from slipway_server.predictor.accountable import Accountable, knows_more
from slipway_server.protocols.tables.known import KnownNumbers
from tests.server.client import Client
from tests.server.conftest import Kind, Serve, served_as

INFER = "/v2/models/demo/infer"


def _tensors(region: Any, rows: int) -> dict[str, Any]:
    return {
        "inputs": [
            {"name": "region", "shape": [rows], "datatype": "INT64", "data": [region] * rows},
            {"name": "x", "shape": [rows], "datatype": "FP64", "data": [1.0] * rows},
        ]
    }


def _asked(client: Client, region: Any) -> dict[str, int]:
    """The status by every way that a request can take."""
    split = {"columns": ["region", "x"], "data": [[region, 1.0]]}
    ways = {
        "split": client.predict({"dataframe_split": split}),
        "records": client.predict({"dataframe_records": [{"region": region, "x": 1.0}]}),
        "columns": client.predict({"inputs": {"region": [region], "x": [1.0]}}),
        "rows": client.predict({"instances": [[region, 1.0]]}),
        "a large table": client.predict({"dataframe_split": split | {"data": [[region, 1.0]] * 2000}}),
        "probabilities": client.predict({"dataframe_split": split, "params": {"predict_fn": "predict_proba"}}),
        "csv": client.predict(f"region,x\n{region},1.0\n".encode(), content_type="text/csv"),
        "tensors": client.post(INFER, _tensors(region, 1)),
        "many tensors": client.post(INFER, _tensors(region, 2000)),
    }
    return {name: reply.status for name, reply in ways.items()}


@pytest.mark.parametrize("kind", ["onnx", "native"])
@pytest.mark.parametrize("model", ["numbered", "bare_encoder"])
def test_a_number_that_the_encoder_never_met_is_the_clients_mistake(
    fetched: Callable[[str], Path], tmp_path: Path, model: str, kind: Kind
) -> None:
    with served_as(fetched(model), tmp_path / "out", kind) as client:
        assert set(_asked(client, 20).values()) == {200}
        assert set(_asked(client, 99).values()) == {400}
        counted = [line for line in client.get("/metrics").body.splitlines() if b'code="5' in line]
        assert {line.split()[-1] for line in counted} <= {b"0.0"}


def test_the_refusal_names_the_column_and_what_it_may_hold(serve: Serve) -> None:
    with serve("numbered") as client:
        reply = client.predict({"dataframe_records": [{"region": 99, "x": 1.0}]})
    assert reply.json["field"] == "region"
    assert "99 is not one of 10, 20, 30" in reply.json["detail"]


def test_one_unknown_number_refuses_no_other_request_of_its_turn(serve: Serve) -> None:
    bodies = [json.dumps({"instances": [[region, 1.0]]}).encode() for region in (10, 99, 20)]
    with serve("numbered") as client:
        assert [client.predict(body).status for body in bodies] == [200, 400, 200]


def _known(kind: Any, values: list[Any]) -> KnownNumbers:
    return KnownNumbers([Column("free", "double"), Column("x", kind)], {"x": values})


@pytest.mark.parametrize(
    ("kind", "values", "given"),
    [
        ("long", [10, 20], 20.0),
        ("double", [0.1, 0.2], 0.1),
        ("float", [float(np.float32(0.1))], 0.1),
        ("double", [1.0, float("nan")], 1.0),
        ("double", [1.0, None], float("nan")),
        ("integer", [True, False], 1.0),
    ],
    ids=str,
)
def test_known_numbers_pass(kind: Any, values: list[Any], given: float) -> None:
    _known(kind, values).check(np.array([[7.0, given]]))


@pytest.mark.parametrize(
    ("kind", "values", "given", "said"),
    [
        ("long", [20, 10], 30.0, "30 is not one of 10, 20"),
        ("double", [0.5], 0.25, "0.25 is not one of 0.5"),
        ("float", [0.5, 1.5], 2.0, "2 is not one of 0.5, 1.5"),
    ],
    ids=str,
)
def test_unknown_numbers_are_named(kind: Any, values: list[Any], given: float, said: str) -> None:
    with pytest.raises(RequestError, match=said) as caught:
        _known(kind, values).check(np.array([[7.0, values[0]], [7.0, given]]))
    assert (caught.value.status, caught.value.field) == (400, "x")


class Fragile:
    """Raises what it's told to, for negative numbers alone or, once broken, for all."""

    rowwise = True

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.broken = False

    def predict(self, inputs: Inputs) -> Any:
        assert inputs.matrix is not None
        if self.broken or (inputs.matrix < 0).any():
            raise self.error
        return inputs.matrix[:, 0]


def _row(value: float) -> Inputs:
    return Inputs(1, matrix=np.array([[value]]))


@pytest.mark.parametrize("error", [RuntimeError("no such category"), TypeError("'<'"), KeyError("x")], ids=repr)
def test_a_failure_is_the_inputs_while_the_model_answers_its_example(error: Exception) -> None:
    model = Fragile(error)
    judged = Accountable(model, _row(1.0))
    assert judged.predict(_row(2.0)).tolist() == [2.0]
    assert _status(judged, _row(-1.0)) == 400
    model.broken = True
    assert _status(judged, _row(-1.0)) == _status(judged, _row(1.0)) == 500


def test_without_an_example_nobody_said_what_a_valid_request_is() -> None:
    assert _status(Accountable(Fragile(RuntimeError("no")), None), _row(-1.0)) == 400


def _status(judged: Accountable, inputs: Inputs) -> int:
    with pytest.raises(ForeignError) as caught:
        judged.predict(inputs)
    return caught.value.as_request_error().status


@pytest.mark.parametrize(
    ("flavor", "signature", "more"),
    [
        ("sklearn", Signature((Column("x", "double"),)), True),
        ("pyfunc", Signature((Column("x", "double"),)), False),
        ("pyfunc", Signature(specs=[{"type": "any", "name": "x"}]), False),
        ("pyfunc", Signature(specs=[{"type": "string"}], type_hint=True), True),
        ("pyfunc", Signature(), True),
    ],
    ids=str,
)
def test_code_with_a_signature_answers_for_its_own_failures(flavor: str, signature: Signature, more: bool) -> None:
    assert knows_more(Bundle("", flavor, "native", "", signature)) == more


def test_what_mlflow_refuses_is_refused() -> None:
    from mlflow.exceptions import MlflowException

    refusal = ForeignError(MlflowException.invalid_parameter_value("no"))
    assert refusal.as_request_error().status == 400
    assert ForeignError(MlflowException("the tracking server is gone")).as_request_error().status == 500


def test_a_word_for_a_number_is_no_failure_of_code(serve: Serve) -> None:
    with serve("sleeper") as client:
        assert client.predict({"dataframe_records": [{"seconds": 0.0}]}).status == 200
        assert client.predict({"dataframe_records": [{"seconds": "x"}]}).status == 400
