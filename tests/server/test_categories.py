"""The values that requests may hold are those of the column itself, not what a step on the way made of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, OrdinalEncoder

from slipway_server.errors import RequestError
from slipway_server.fetch.proof.categories import categories, outside
from slipway_server.fetch.proof.prove import KNOWN, Counts, Sides, prove
from slipway_server.fetch.proof.steps import follow
from slipway_server.model.bundle import Bundle, Column, Signature
from slipway_server.model.inputs import Inputs
from slipway_server.predictor import native, onnx
from slipway_server.protocols.select import reader_for
from tests.server.conftest import SETTINGS
from tests.server.models import prepare_saved

ROWS = 300
RNG = np.random.default_rng(11)
Y = np.arange(ROWS) % 2


def answers(directory: Path, bundle: Bundle, frame: pd.DataFrame) -> list[Any]:
    """What a server would answer to the rows."""
    inputs = reader_for(bundle, SETTINGS).read(json.dumps({"dataframe_split": frame.to_dict("split")}).encode())
    served = onnx.build(directory, bundle) if bundle.kind == "onnx" else native.build(directory, bundle, SETTINGS)
    found: list[Any] = np.asarray(served.predict(inputs)).tolist()
    return found


def test_bins_before_an_encoder_are_no_values_of_the_column(tmp_path: Path) -> None:
    x = pd.DataFrame({"a": RNG.normal(size=ROWS) + Y, "b": RNG.normal(size=ROWS)})
    bins = KBinsDiscretizer(4, encode="ordinal", quantile_method="averaged_inverted_cdf")
    model = make_pipeline(bins, OneHotEncoder(), LogisticRegression()).fit(x, Y)
    bundle = prepare_saved(model, x, tmp_path / "m")
    assert bundle.categories == {}
    assert answers(tmp_path / "m", bundle, x) == model.predict(x).tolist()


def words() -> pd.DataFrame:
    """A column of words, some of which are the sign for a missing one, and numbers."""
    found = RNG.choice(["a", "b", "?"], ROWS, p=[0.5, 0.3, 0.2])
    return pd.DataFrame({"c": found, "x": RNG.normal(size=ROWS) + Y})


def imputed(sentinel: Any, encoder: Any) -> Any:
    within = make_pipeline(SimpleImputer(missing_values=sentinel, strategy="most_frequent"), encoder)
    return make_pipeline(ColumnTransformer([("c", within, ["c"])], remainder="passthrough"), LogisticRegression())


def test_the_sign_that_an_imputer_replaces_is_answered(tmp_path: Path) -> None:
    x = words()
    model = imputed("?", OneHotEncoder()).fit(x, Y)
    bundle = prepare_saved(model, x, tmp_path / "m")
    assert answers(tmp_path / "m", bundle, x) == model.predict(x).tolist()
    with pytest.raises((RequestError, ValueError), match=r"(?s)zz"):
        answers(tmp_path / "m", bundle, x[:1].assign(c="zz"))


@pytest.mark.parametrize("encoder", [OneHotEncoder(), OrdinalEncoder()])
def test_a_number_that_means_missing_is_answered(tmp_path: Path, encoder: Any) -> None:
    x = pd.DataFrame({"c": RNG.choice([1, 2, 3, -1], ROWS), "x": RNG.normal(size=ROWS) + Y})
    model = imputed(-1, encoder).fit(x, Y)
    bundle = prepare_saved(model, x, tmp_path / "m")
    assert answers(tmp_path / "m", bundle, x) == model.predict(x).tolist()


def test_of_two_encoders_of_a_column_both_must_know_a_value() -> None:
    x = words()
    signature = Signature(columns=(Column("c", "string"), Column("x", "double")))
    filled = make_pipeline(SimpleImputer(missing_values="?", strategy="most_frequent"), OneHotEncoder())
    both = FeatureUnion([("filled", filled), ("plain", OneHotEncoder())])
    alone = ColumnTransformer([("c", both, ["c"])])
    found = categories(follow(alone.fit(x), signature), signature)
    assert set(found.only["c"]) == {"a", "b", "?"}
    filled = make_pipeline(SimpleImputer(missing_values=np.nan, strategy="most_frequent"), OneHotEncoder())
    found = categories(follow(ColumnTransformer([("c", filled, ["c"])]).fit(x), signature), signature)
    assert set(found.only["c"]) == {"a", "b", "?", None}


def test_what_float32_makes_one_value_is_one() -> None:
    signature = Signature(columns=(Column("c", "float"),))
    only = {"c": [float(np.float32(0.1))]}
    assert outside(only, signature, Inputs(2, matrix=np.array([[0.1], [0.2]]))).tolist() == [False, True]


def one(inputs: Inputs) -> Any:
    return np.ones(inputs.rows)


def never(inputs: Inputs) -> Any:
    raise ValueError("no")


def test_real_rows_that_the_original_answers_must_be_answered() -> None:
    rows = {KNOWN: Inputs(3, matrix=np.array([[1.0], [2.0], [3.0]]))}
    proof = prove(Sides(one, one, lambda inputs: inputs.matrix[:, 0] > 2), rows, 1e-6)  # type: ignore[index]
    assert (proof.holds, proof.rows[KNOWN]) == (False, Counts(compared=2, refused_by_one=1))
    assert "known: the served side refuses 1 real rows that the original answers" in proof.found
    assert prove(Sides(one, one), rows, 1e-6).holds


def test_real_rows_none_of_which_was_compared_are_no_proof() -> None:
    proof = prove(Sides(never, never), {KNOWN: Inputs(2, matrix=np.zeros((2, 1)))}, 1e-6)
    assert (proof.holds, proof.found) == (False, "known: none of the real rows is answered by both")
