"""What goes wrong while compiling or proving is told in the bundle; the model is served by its own library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multioutput import MultiOutputClassifier

from slipway_server.errors import RequestError
from slipway_server.fetch import prepare as preparing
from slipway_server.fetch.compile import compile as compiling
from slipway_server.model.bundle import FOLDER, ONNX_FILE
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
