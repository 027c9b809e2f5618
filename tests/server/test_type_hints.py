"""Python code is asked as `mlflow models serve` asks it, be its inputs said by a type hint or by a signature."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slipway_server.errors import RequestError
from slipway_server.fetch.command import Order, fetch
from slipway_server.foreign import ForeignError
from slipway_server.model import bundle as bundles
from slipway_server.protocols.select import reader_for
from tests.server.conftest import SETTINGS, Serve
from tests.server.direct import mlflows, slipways

CODE = """
import mlflow.models
import mlflow.pyfunc
import pydantic


class Item(pydantic.BaseModel):
    name: str
    amount: float = 1.0


class Model(mlflow.pyfunc.PythonModel):
    def predict(self, model_input: {hint}, params=None):
        return {answer}


mlflow.models.set_model(Model())
"""
HINTS: dict[str, tuple[str, Any, list[Any]]] = {
    "list[str]": ("[text.upper() for text in model_input]", ["a", "b"], [["x"], [], [1], "x", None, {"a": ["x"]}]),
    "list[float]": ("[2 * value for value in model_input]", [1.5, 2.0], [[1], ["x"], [None], [[1.0]], [True]]),
    "list[int]": ("[value + 1 for value in model_input]", [1, 2], [[2**40], [1.5], ["1"]]),
    "list[bool]": ("[not value for value in model_input]", [True], [[False], [0], ["yes"]]),
    "list[list[float]]": ("[sum(row) for row in model_input]", [[1.0, 2.0]], [[[1.0], []], [1.0]]),
    "list[dict[str, float]]": (
        "[sum(d.values()) for d in model_input]",
        [{"x": 1.0}],
        [[{"x": 1, "y": 2}], [{"x": "1"}]],
    ),
    "list[Item]": (
        "[item.amount for item in model_input]",
        [{"name": "a", "amount": 1.5}],
        [[{"name": "a"}], [{"amount": 1.0}], [{"name": 1, "amount": 1}], [{"name": "a", "amount": "1"}], [{}], {}],
    ),
}


def _saved(path: Path, hint: str, answer: str, **more: Any) -> Path:
    code = path.parent / f"{path.name}.py"
    code.write_text(CODE.format(hint=hint, answer=answer))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlflow.pyfunc

        mlflow.pyfunc.save_model(path, python_model=str(code), pip_requirements=[], **more)
    return path


def _fetched(saved: Path, out: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert fetch(Order(str(saved), out), SETTINGS) == 0
    return out


def _told(ask: Callable[[Any], Any], body: Any) -> tuple[int, Any]:
    """The status and the answer, as the server would give them."""
    try:
        return 200, ask(body)
    except RequestError as error:
        return error.status, None
    except ForeignError as error:
        return error.as_request_error().status, None


@pytest.mark.parametrize("example", [False, True], ids=["no example", "example"])
@pytest.mark.parametrize("hint", HINTS)
def test_a_type_hint_is_served_as_mlflow_serves_it(tmp_path: Path, hint: str, example: bool) -> None:
    answer, valid, others = HINTS[hint]
    saved = _saved(tmp_path / "saved", hint, answer, **({"input_example": valid} if example else {}))
    ask, theirs = slipways(_fetched(saved, tmp_path / "out")), mlflows(saved)
    assert theirs({"inputs": valid})[0] == 200
    for inputs in (valid, *others):
        assert _told(ask, {"inputs": inputs}) == theirs({"inputs": inputs}), inputs
    for body in ({"instances": valid}, {"dataframe_records": [{"x": 1}]}, {"dataframe_split": {"data": [[1]]}}, {}):
        assert _told(ask, body) == theirs(body) == (400, None), body


def test_a_client_of_a_type_hint_is_told_what_is_wrong(serve: Serve) -> None:
    with serve("hinted") as client:
        good = client.predict({"inputs": [{"name": "a", "amount": 2}]})
        wrong = client.predict({"inputs": [{"name": "a", "amount": "x"}]})
        names = [{"name": "name", "shape": [2], "datatype": "BYTES", "data": ["a", "b"]}]
        amounts = [{"name": "amount", "shape": [2], "datatype": "FP64", "data": [1.5, 2.0]}]
        by_tensors = client.post("/v2/models/demo/infer", {"inputs": names + amounts})
    assert (good.status, good.json) == (200, {"predictions": [4.0]})
    assert (wrong.status, "amount" in wrong.json["detail"]) == (400, True)
    assert (by_tensors.status, by_tensors.json["outputs"][0]["data"]) == (200, [3.0, 4.0])


def _schemas() -> dict[str, tuple[Any, str, list[Any]]]:
    from mlflow.types import ColSpec, DataType, Schema, TensorSpec
    from mlflow.types.schema import AnyType, Array, Map, Object, Property

    images = Schema([TensorSpec(np.dtype("float32"), (-1, 2, 2))])
    pair = [TensorSpec(np.dtype("int64"), (-1, 2), "ids"), TensorSpec(np.dtype("float32"), (-1, 2), "mask")]
    person = Object([Property("name", DataType.string), Property("age", DataType.long, required=False)])
    lists = "[list(map(str, values)) for values in model_input['x']]"
    return {
        "a tensor of three dimensions": (
            images,
            "[float(each.sum()) for each in model_input]",
            [
                {"inputs": [[[1, 2], [3, 4.5]]]},
                {"inputs": [[1, 2]]},
                {"instances": [[[1, 2], [3, 4]]]},
                {"inputs": "x"},
            ],
        ),
        "named tensors": (
            Schema(pair),
            "(model_input['ids'] * model_input['mask']).sum(axis=1).tolist()",
            [{"inputs": {"ids": [[1, 2]], "mask": [[1, 0.5]]}}, {"inputs": {"ids": [[1, 2]]}}, {"inputs": [[1, 2]]}],
        ),
        "lists in a column": (
            Schema([ColSpec(Array(DataType.string), "x")]),
            lists,
            [
                {"dataframe_records": [{"x": ["a", "b"]}, {"x": []}]},
                {"inputs": {"x": [["a"], ["c"]]}},
                {"inputs": {"x": [[1]]}},
            ],
        ),
        "objects in a column": (
            Schema([ColSpec(person, "x")]),
            "[each['name'] for each in model_input['x']]",
            [{"dataframe_records": [{"x": {"name": "a"}}]}, {"dataframe_records": [{"x": {"age": 1}}]}],
        ),
        "maps and anything": (
            Schema([ColSpec(Map(DataType.double), "x"), ColSpec(AnyType(), "y")]),
            "[sum(each.values()) for each in model_input['x']]",
            [{"dataframe_records": [{"x": {"a": 1.5}, "y": {"b": [1]}}]}, {"dataframe_records": [{"y": 1}]}],
        ),
    }


@pytest.mark.parametrize("name", _schemas())
def test_what_a_signature_says_that_is_no_plain_column_is_served_as_mlflow_serves_it(tmp_path: Path, name: str) -> None:
    from mlflow.models import ModelSignature

    schema, answer, bodies = _schemas()[name]
    saved = _saved(tmp_path / "saved", "object", answer, signature=ModelSignature(inputs=schema))
    ask, theirs = slipways(_fetched(saved, tmp_path / "out")), mlflows(saved)
    assert theirs(bodies[0])[0] == 200
    for body in bodies:
        assert _told(ask, body) == theirs(body), body


@pytest.mark.parametrize("hint", ["list[str]", "list[float]", "list[int]", "list[Item]"])
@pytest.mark.parametrize("body", ["x\na\nb\n", "x\n1.5\n", "x\n1\n2\n", "name,amount\na,1\n", "", "x\n"], ids=repr)
def test_csv_goes_the_same_way(tmp_path: Path, hint: str, body: str) -> None:
    saved = _saved(tmp_path / "saved", hint, HINTS[hint][0])
    assert _told(slipways(_fetched(saved, tmp_path / "out")), body) == mlflows(saved)(body)


def test_a_hint_that_no_json_fits_is_said_when_the_model_is_fetched(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    import datetime

    noon = datetime.datetime(2026, 1, 1, 12)
    saved = _saved(tmp_path / "saved", "list[__import__('datetime').datetime]", "[]", input_example=[noon])
    assert mlflows(saved)({"inputs": ["2026-01-01T12:00:00"]})[0] == 400
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert fetch(Order(str(saved), tmp_path / "out"), SETTINGS) == 3
    assert "Expected type datetime" in capfd.readouterr().err


def test_the_rows_of_a_hint_are_counted(tmp_path: Path) -> None:
    saved = _saved(tmp_path / "saved", "list[str]", "model_input")
    found = bundles.read(_fetched(saved, tmp_path / "out"))
    reader = reader_for(found, SETTINGS)
    assert reader.read(b'{"inputs": ["a", "b", "c"]}').rows == 3
    with pytest.raises(RequestError, match="split it"):
        reader.read(b'{"inputs": [' + b'"a",' * SETTINGS.max_rows + b'"a"]}')
