"""Whole numbers beyond 2^53: exact where the model's own example has any, refused where they would be rounded."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from slipway_server.errors import RequestError
from slipway_server.model.bundle import Bundle
from slipway_server.protocols.select import reader_for
from tests.server.conftest import SETTINGS
from tests.server.models import prepare_saved
from tests.server.test_missing import answers

IDS = [2**53, 2**53 + 1, 2**53 + 2, 1_234_567_890_123_456_789]


def of_ids(path: Path, example: list[int]) -> Bundle:
    """A model that tells the second of IDS from all others; nothing but `example` in its input example."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    x = pd.DataFrame({"id": [*IDS, 7, 8] * 20, "x": np.linspace(0, 1, 120)})
    encoder = ColumnTransformer([("e", OneHotEncoder(handle_unknown="ignore"), ["id"])], remainder="passthrough")
    model = make_pipeline(encoder, LogisticRegression(C=100)).fit(x, (x.id == IDS[1]).astype(int))
    shown = pd.DataFrame({"id": example, "x": [0.5] * len(example)})
    signature = ModelSignature(Schema([ColSpec("long", "id"), ColSpec("double", "x")]))
    return prepare_saved(model, x, path, signature=signature, input_example=shown)


def test_a_model_whose_example_has_such_numbers_is_served_and_exact(tmp_path: Path) -> None:
    bundle = of_ids(tmp_path / "m", IDS)
    assert bundle.signature.wide
    assert answers(tmp_path / "m", bundle, [[number, 0.5] for number in IDS]) == [0, 1, 0, 0]


@pytest.mark.parametrize("number", [2**53, 2**53 + 1, -(2**53), -(2**53) - 1])
def test_where_the_example_has_none_they_are_refused_and_never_rounded(tmp_path: Path, number: int) -> None:
    bundle = of_ids(tmp_path / "m", [7, 8])
    assert bundle.signature.numeric
    reader = reader_for(bundle, SETTINGS)
    for body in (
        {"dataframe_split": {"columns": ["id", "x"], "data": [[number, 0.5]]}},
        {"dataframe_records": [{"id": number, "x": 0.5}]},
        {"inputs": {"id": [number], "x": [0.5]}},
        {"dataframe_split": {"columns": ["id", "x"], "data": [[number, 0.5]] * 5000}},
    ):
        with pytest.raises(RequestError, match=r"2\^53 or beyond"):
            reader.read(json.dumps(body).encode())
    with pytest.raises(RequestError, match=r"2\^53 or beyond"):
        reader.accept({"id": np.array([number]), "x": np.array([0.5])})


def test_the_largest_exact_number_is_answered(tmp_path: Path) -> None:
    bundle = of_ids(tmp_path / "m", [7, 8])
    assert answers(tmp_path / "m", bundle, [[2**53 - 1, 0.5], [1 - 2**53, 0.5]]) == [0, 0]
