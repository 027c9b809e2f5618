"""However a model is served, it answers what `mlflow.pyfunc` answers: labels equal, scores within the tolerance."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slipway_server.model import bundle as bundles
from slipway_server.predictor import native, onnx
from slipway_server.protocols.select import reader_for
from tests.server.conftest import SETTINGS
from tests.server.models import BOOSTED

NAMES = ["a", "b c", "d", "e"]
NUMBER = st.floats(-1e6, 1e6, allow_nan=False) | st.sampled_from([0.0, -0.0, 1.0, 0.1, 1e-300, 16777217.0])
NUMBERS = st.lists(st.tuples(NUMBER, NUMBER, NUMBER, NUMBER), min_size=1, max_size=12)
PERSON = st.tuples(
    st.floats(-10, 200) | st.none(),
    st.integers(-(2**40), 2**40),
    st.sampled_from(["Bonn", "Köln", "Ulm"]),
    st.booleans(),
)
RELAXED = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@cache
def _ours(directory: Path, *, compiled: bool) -> Callable[[dict[str, Any]], list[Any]]:
    found = bundles.read(directory)
    if not compiled:
        found = msgspec.structs.replace(found, kind="native", compiled=None)
    predictor: Any = onnx.build(directory, found) if compiled else native.build(directory, found, SETTINGS)
    reader = reader_for(found, SETTINGS)
    return lambda body: list(predictor.predict(reader.read(msgspec.json.encode(body))).tolist())


@cache
def _mlflow(directory: Path) -> Callable[[Any], list[Any]]:
    import mlflow.pyfunc

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = mlflow.pyfunc.load_model(str(directory))

    def predict(data: Any) -> list[Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return list(np.asarray(model.predict(data)).tolist())

    return predict


def _equal(expected: list[Any], got: list[Any]) -> None:
    if np.asarray(expected).dtype.kind == "f":
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
    else:
        assert got == expected


MODELS = [("forest", True), ("forest", False), ("scaled_forest", True), ("boosted", False)]
MODELS += [(model.__name__, compiled) for model in BOOSTED for compiled in (True, False)]


@pytest.mark.parametrize(("model", "compiled"), MODELS)
@RELAXED
@given(rows=NUMBERS)
def test_numbers(
    saved: Callable[[str], Path], fetched: Callable[[str], Path], model: str, compiled: bool, rows: list[Any]
) -> None:
    expected = _mlflow(saved(model))(pd.DataFrame(rows, columns=NAMES))
    body = {"dataframe_split": {"columns": NAMES, "data": rows}}
    _equal(expected, _ours(fetched(model), compiled=compiled)(body))


@pytest.mark.parametrize("compiled", [True, False])
@RELAXED
@given(rows=NUMBERS)
def test_a_tensor(
    saved: Callable[[str], Path], fetched: Callable[[str], Path], compiled: bool, rows: list[Any]
) -> None:
    expected = _mlflow(saved("ridge"))(np.array(rows))
    _equal(expected, _ours(fetched("ridge"), compiled=compiled)({"inputs": rows}))


@pytest.mark.parametrize("compiled", [True, False])
@RELAXED
@given(rows=st.lists(PERSON, min_size=1, max_size=12))
def test_columns_of_several_types(
    saved: Callable[[str], Path], fetched: Callable[[str], Path], compiled: bool, rows: list[Any]
) -> None:
    names = ["age", "rooms", "city", "member"]
    frame = pd.DataFrame(rows, columns=names).astype({"age": "float64", "rooms": "int64", "member": "bool"})
    body = {"dataframe_split": {"columns": names, "data": rows}}
    assert _ours(fetched("mixed"), compiled=compiled)(body) == _mlflow(saved("mixed"))(frame)
