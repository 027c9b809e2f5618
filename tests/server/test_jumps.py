"""Where a model's function jumps, what is served answers as the model does: exactly compiled, or by its own library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    KBinsDiscretizer,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
    TargetEncoder,
)

from slipway_server.fetch.proof.prove import difference
from slipway_server.fetch.proof.steps import follow
from slipway_server.fetch.trees.splits import around
from slipway_server.model.bundle import Bundle, Column, Signature
from slipway_server.model.inputs import Inputs
from slipway_server.predictor import native, onnx
from tests.server.conftest import SETTINGS
from tests.server.models import prepare_saved

RNG = np.random.default_rng(5)
ROWS = 400
Y = np.arange(ROWS) % 2


def table(**more: Any) -> pd.DataFrame:
    """Two columns of numbers, and others."""
    return pd.DataFrame({"a": RNG.normal(size=ROWS) + Y, "b": RNG.normal(size=ROWS)} | more)


def beside(transformer: Any, column: str, last: Any = None) -> Any:
    """One column through the transformer, the others as they are."""
    within = ColumnTransformer([("t", transformer, [column])], remainder="passthrough")
    return make_pipeline(within, last or LogisticRegression())


def grid(values: list[float]) -> np.ndarray:
    """Values and what is beside them, and fractions between."""
    close = around(np.array(values)).ravel()
    return np.concatenate([close, np.array(values) + 1e-9, np.linspace(min(values) - 2, max(values) + 2, 999)])


def assert_served_as_the_model_answers(directory: Path, bundle: Bundle, frame: pd.DataFrame) -> None:
    inputs = Inputs(len(frame), columns={name: frame[name].to_numpy() for name in frame})
    if bundle.signature.numeric:
        inputs = Inputs(len(frame), matrix=frame.to_numpy(dtype=np.float64))
    expected = np.asarray(native.build(directory, bundle, SETTINGS).predict(inputs))
    served = onnx.build(directory, bundle) if bundle.kind == "onnx" else native.build(directory, bundle, SETTINGS)
    got = np.asarray(served.predict(inputs))
    assert difference(expected, got, SETTINGS.tolerance, bundle.predict_fn == "predict_proba")[0] == ""


def assert_right(model: Any, x: pd.DataFrame, special: pd.DataFrame, directory: Path) -> Bundle:
    how = {"pyfunc_predict_fn": "predict_proba"} if hasattr(model, "predict_proba") else {}
    bundle = prepare_saved(model, x, directory, **how)
    assert_served_as_the_model_answers(directory, bundle, special)
    return bundle


def with_values(x: pd.DataFrame, column: str, values: np.ndarray) -> pd.DataFrame:
    """Random rows in which a column holds the values, among the table's own."""
    rows = x.sample(len(values), replace=True, random_state=0).reset_index(drop=True)
    return pd.concat([x, rows.assign(**{column: values})], ignore_index=True)


@pytest.mark.parametrize("sentinel", [-999.0, -1.0, 9999.0, 0.1])
def test_a_number_that_means_missing(tmp_path: Path, sentinel: float) -> None:
    x = table()
    x.loc[::5, "a"] = sentinel
    model = make_pipeline(SimpleImputer(missing_values=sentinel), LinearRegression()).fit(x, x["b"] + Y)
    whole = x[x["a"] != sentinel].reset_index(drop=True)
    bundle = prepare_saved(model, whole, tmp_path / "m")
    assert_served_as_the_model_answers(tmp_path / "m", bundle, with_values(x, "a", grid([sentinel])))
    assert bundle.kind == "onnx" or sentinel == 0.1, bundle.why


def test_an_encoder_of_fractions_that_ignores_what_it_does_not_know(tmp_path: Path) -> None:
    x = table(c=RNG.choice([1.0, 2.0, 3.0], ROWS))
    model = beside(OneHotEncoder(handle_unknown="ignore"), "c").fit(x, (x["c"] == 1).astype(int))
    assert_right(model, x, with_values(x, "c", grid([1.0, 2.0, 3.0])), tmp_path / "m")


@pytest.mark.parametrize(
    "encoder", [OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), TargetEncoder()]
)
def test_an_encoder_of_close_fractions(tmp_path: Path, encoder: Any) -> None:
    x = table(c=RNG.choice([0.1, 0.2, 0.3], ROWS))
    model = beside(encoder, "c").fit(x, (x["c"] == 0.1).astype(int))
    assert_right(model, x, with_values(x, "c", grid([0.1, 0.2, 0.3])), tmp_path / "m")


def test_a_threshold_of_a_step(tmp_path: Path) -> None:
    x = table()
    model = beside(Binarizer(threshold=0.1), "a").fit(x, Y)
    assert_right(model, x, with_values(x, "a", grid([0.1])), tmp_path / "m")


def test_the_edges_of_bins(tmp_path: Path) -> None:
    x = table()
    bins = KBinsDiscretizer(5, encode="ordinal", strategy="uniform")
    model = make_pipeline(bins, LogisticRegression()).fit(x, Y)
    assert_right(model, x, with_values(x, "a", grid(bins.bin_edges_[0].tolist())), tmp_path / "m")


def test_a_row_of_zeros_beside_a_word(tmp_path: Path) -> None:
    x = table(w=RNG.choice(["u", "v"], ROWS))
    within = ColumnTransformer([("n", Normalizer(), ["a", "b"]), ("w", OneHotEncoder(), ["w"])])
    model = make_pipeline(within, LogisticRegression()).fit(x, Y)
    assert_right(model, x, pd.concat([x, x[:4].assign(a=0.0, b=0.0)], ignore_index=True), tmp_path / "m")


def test_trees_within_another_model_are_not_compiled(tmp_path: Path) -> None:
    x = table()
    calibrated = CalibratedClassifierCV(RandomForestClassifier(10, random_state=0), cv=2)
    model = make_pipeline(StandardScaler(), calibrated).fit(x, Y)
    special = pd.DataFrame(RNG.normal(size=(20_000, 2)), columns=["a", "b"])
    bundle = assert_right(model, x, special, tmp_path / "m")
    assert bundle.kind == "native"
    assert "would not know where to look: RandomForestClassifier within CalibratedClassifierCV" in bundle.why


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (KNeighborsClassifier(), "KNeighborsClassifier"),
        (make_pipeline(StandardScaler(), Binarizer(), LogisticRegression()), "Binarizer behind"),
        (make_pipeline(PCA(1), RandomForestClassifier(3)), "behind a step that mixes columns"),
        (VotingClassifier([("k", KNeighborsClassifier()), ("l", LogisticRegression())]), "within VotingClassifier"),
    ],
)
def test_a_model_that_jumps_where_nobody_looks_is_not_compiled(tmp_path: Path, model: Any, said: str) -> None:
    x = table()
    bundle = prepare_saved(model.fit(x, Y), x, tmp_path / "m")
    assert bundle.kind == "native"
    assert "its proof would not know where to look: " in bundle.why
    assert said in bundle.why.partition("where to look: ")[2]


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(StandardScaler(), PCA(1), LogisticRegression()),
        make_pipeline(SimpleImputer(), StandardScaler(), RandomForestClassifier(3, random_state=0)),
        VotingClassifier(
            [("l", LogisticRegression()), ("m", LogisticRegression(C=0.1))], voting="soft", flatten_transform=False
        ),
    ],
)
def test_what_has_no_jumps_or_known_ones_is_compiled(tmp_path: Path, model: Any) -> None:
    x = table()
    bundle = assert_right(model.fit(x, Y), x, x, tmp_path / "m")
    assert bundle.kind == "onnx", bundle.why


def test_jumps_are_told_per_column_of_the_signature() -> None:
    x = table(w=RNG.choice(["u", "v"], ROWS))
    within = ColumnTransformer(
        [("w", OneHotEncoder(), ["w"]), ("b", Binarizer(threshold=0.5), ["b"])], remainder=StandardScaler()
    )
    signature = Signature(columns=(Column("a", "double"), Column("b", "double"), Column("w", "string")))
    found = follow(make_pipeline(within, LogisticRegression()).fit(x, Y), signature).interests
    assert set(found.jumps) == {1, 2}
    assert found.of(2) == ["u", "v"]
    assert 0.5 in found.of(1)


def test_small_scores_of_two_columns_are_no_probabilities() -> None:
    expected = np.array([[1e-9, 0.5], [2e-9, 0.6]])
    got = np.array([[1.1e-9, 0.5], [2e-9, 0.6]])
    assert "differ" in difference(expected, got, 1e-6)[0]
    assert difference(expected, got, 1e-6, probabilities=True)[0] == ""
