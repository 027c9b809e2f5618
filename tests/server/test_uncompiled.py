"""What goes wrong while compiling or proving is told in the bundle; the model is served by its own library."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from slipway_server.errors import RequestError
from slipway_server.fetch import prepare as preparing
from slipway_server.fetch.compile import compile as compiling
from slipway_server.model.bundle import FOLDER, ONNX_FILE
from tests.server.conftest import SETTINGS
from tests.server.models import prepare_saved

RNG = np.random.default_rng(7)
X = pd.DataFrame({"a": RNG.normal(size=300), "b": RNG.normal(size=300)})
TARGETS = np.column_stack([2 * X["a"] + X["b"], X["b"] - 1])
CLASSES = (TARGETS > 0).astype(int)


@pytest.mark.parametrize("step", ["known_rows", "gather", "candidates", "proved", "read_back", "_written"])
@pytest.mark.parametrize("error", [ZeroDivisionError("by injection"), RequestError(400, "No", "by injection")])
def test_a_step_that_raises_makes_the_model_native_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: Exception
) -> None:
    def failing(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(compiling, step, failing)
    bundle = prepare_saved(LinearRegression().fit(X, TARGETS[:, 0]), X, tmp_path / "m")
    assert (bundle.kind, bundle.compiled) == ("native", None)
    assert "by injection" in bundle.why
    assert isinstance(error, RequestError) or "ZeroDivisionError" in bundle.why
    assert not (tmp_path / "m" / FOLDER / ONNX_FILE).exists()


def test_no_memory_is_no_reason_to_serve_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(preparing, "compiled", failing)
    with pytest.raises(MemoryError):
        prepare_saved(LinearRegression().fit(X, TARGETS[:, 0]), X, tmp_path / "m")


@pytest.mark.parametrize(
    ("model", "y", "kind"),
    [
        (LinearRegression(), TARGETS, "onnx"),
        (RandomForestRegressor(5, random_state=0), TARGETS, "native"),
        (RandomForestClassifier(5, random_state=0), CLASSES, "native"),
        (MultiOutputClassifier(LogisticRegression()), CLASSES, "onnx"),
    ],
)
def test_a_model_of_two_targets_is_fetched(tmp_path: Path, model: Any, y: Any, kind: str) -> None:
    bundle = prepare_saved(model.fit(X, y), X, tmp_path / "m")
    assert bundle.kind == kind, bundle.why
    assert "compiling it or its proof failed" not in bundle.why
    if bundle.compiled is not None:
        assert set(bundle.compiled.methods) == {"predict"}


def test_splits_by_category_are_left_to_lightgbm(tmp_path: Path) -> None:
    import lightgbm
    import mlflow.lightgbm
    from mlflow.models import infer_signature

    x = X.assign(c=RNG.integers(0, 6, len(X)).astype(float))
    data = lightgbm.Dataset(x, x["c"].isin([1, 4]).astype(int), categorical_feature=["c"])
    how = {"objective": "binary", "verbose": -1, "num_threads": 1, "min_data_per_group": 1, "cat_smooth": 0.1}
    model = lightgbm.train(how, data, 5)
    about = {"signature": infer_signature(x, model.predict(x)), "input_example": x[:3], "pip_requirements": []}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mlflow.lightgbm.save_model(model, tmp_path / "m", **about)
        bundle = preparing.prepare(tmp_path / "m", "sha256:0", SETTINGS)
    assert bundle.kind == "native"
    assert "would not know where to look: LightGBM's splits by category" in bundle.why


def test_an_encoder_of_times_is_left_to_its_library(tmp_path: Path) -> None:
    days = pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-03"] * 100)
    x = X.assign(day=days)
    within = ColumnTransformer([("d", OneHotEncoder(handle_unknown="ignore"), ["day"])], remainder="passthrough")
    model = make_pipeline(within, LogisticRegression()).fit(x, CLASSES[:, 0])
    bundle = prepare_saved(model, x, tmp_path / "m")
    assert bundle.kind == "native"
    assert "no conversion takes column 'day' of type datetime" in bundle.why
