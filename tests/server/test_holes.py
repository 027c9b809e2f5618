"""A hole in one of several required columns of numbers is answered, compiled or by the model's library."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pytest

from slipway_server.errors import RequestError
from slipway_server.fetch.compile import compile as compiling
from slipway_server.fetch.proof import missing
from slipway_server.model import bundle as bundles
from slipway_server.model.bundle import FOLDER, ONNX_FILE, Bundle
from slipway_server.serve import drift_for
from slipway_server.serving import loading
from tests.server.conftest import SETTINGS
from tests.server.models import prepare_saved
from tests.server.test_missing import answers


def holed_in_one(path: Path) -> tuple[Bundle, pd.DataFrame]:
    """Two required columns, the first of which is imputed and has a hole in the input example."""
    from mlflow.models import infer_signature
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    x = pd.DataFrame({"a": np.linspace(0, 1, 60), "b": [1.0, 2.0, 3.0] * 20})
    within = ColumnTransformer([("i", SimpleImputer(), ["a"])], remainder="passthrough")
    model = make_pipeline(within, LogisticRegression()).fit(x, [0] * 30 + [1] * 30)
    signature = infer_signature(x, np.zeros(60, dtype=int))
    example = x[:3].assign(a=[0.0, np.nan, 1.0])
    return prepare_saved(model, x, path, signature=signature, input_example=example), x


def assert_starts(directory: Path, bundle: Bundle) -> None:
    bundles.write(directory, bundle)
    model = loading.load(directory, SETTINGS, drift_for(directory, 1), lambda _: None)
    assert asyncio.run(model.predict(model.reader.read(json.dumps(bundle.example).encode()))).shape == (3,)


def test_a_table_of_numbers_may_miss_values_in_some_columns_and_not_in_others(tmp_path: Path) -> None:
    bundle, _ = holed_in_one(tmp_path / "m")
    assert bundle.signature.numeric
    assert (bundle.kind, bundle.missing) == ("onnx", ("a",)), bundle.why
    assert answers(tmp_path / "m", bundle, [[None, 1.0], [1.0, 1.0]]) == [1, 1]
    for rows in ([[1.0, None]], [[1.0, 2.0], [None, None]]):
        with pytest.raises(RequestError, match="column 'b': the value is missing, and the model takes none there"):
            answers(tmp_path / "m", bundle, rows)
    assert_starts(tmp_path / "m", bundle)


def test_a_hole_that_no_conversion_answers_is_left_to_the_models_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(missing, "best", lambda *_: [])
    bundle, _ = holed_in_one(tmp_path / "m")
    assert (bundle.kind, bundle.missing) == ("native", ("a",))
    assert "missing values in 'a' are not answered alike" in bundle.why
    assert_starts(tmp_path / "m", bundle)


def test_a_compiled_model_that_could_not_answer_its_example_at_start_is_left_to_its_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = compiling._written
    without = {"missing": ()}
    monkeypatch.setattr(compiling, "_written", lambda *how: msgspec.structs.replace(honest(*how), **without))
    bundle, _ = holed_in_one(tmp_path / "m")
    assert (bundle.kind, bundle.missing) == ("native", ("a",))
    assert "got `null`" in bundle.why
    assert not (tmp_path / "m" / FOLDER / ONNX_FILE).exists()
    assert_starts(tmp_path / "m", bundle)
