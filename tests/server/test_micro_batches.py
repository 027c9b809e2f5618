"""A value is the same to the model, whatever stands beside it in the call that requests share."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest

from slipway_server.flavors import fitted
from slipway_server.flavors.sklearn import SklearnModel
from slipway_server.foreign import ForeignError, foreign
from slipway_server.model import bundle as bundles
from slipway_server.model.bundle import Bundle, Column, Signature
from slipway_server.model.inputs import Inputs, joined
from slipway_server.predictor.native import NativePredictor, build
from slipway_server.protocols.select import reader_for
from tests.server.conftest import SETTINGS
from tests.server.models import numbers

Fetched = Callable[[str], Path]
NOON = datetime.datetime(2026, 1, 1, 12)


class Watching:
    """Keeps the frames that it is given."""

    wants_frame = True
    fitted = fitted.NOTHING

    def __init__(self, *, rowwise: bool = True, nones: bool = False) -> None:
        self.rowwise = rowwise
        self.nones = nones

    def predict(self, data: Any, params: dict[str, Any]) -> Any:
        return data


def _frame(kind: Any, values: list[Any], model: Watching | None = None) -> pd.DataFrame:
    signature = Signature((Column("x", kind, required=False), Column("y", "double")))
    bundle = Bundle("", "sklearn", "native", "", signature, missing=("x",))
    rows = [[value, 1.0] for value in values]
    body = {"dataframe_split": {"columns": ["x", "y"], "data": rows}}
    inputs = reader_for(bundle, SETTINGS).read(msgspec.json.encode(body))
    found: pd.DataFrame = NativePredictor(model or Watching(), bundle).predict(inputs)
    return found


@pytest.mark.parametrize(
    ("kind", "value", "dtype"),
    [
        ("string", "a", "str"),
        ("datetime", NOON, "datetime64[ns]"),
        ("double", 1.5, "float64"),
        ("float", 1.5, "float32"),
    ],
    ids=str,
)
def test_a_columns_dtype_is_its_own_whatever_it_holds(kind: Any, value: Any, dtype: str) -> None:
    for values in ([None], [value], [None, value], [None, None]):
        assert str(_frame(kind, values).dtypes["x"]) == dtype, values


def test_a_missing_word_is_what_the_model_knows() -> None:
    for values in ([None], [None, "a"]):
        assert _frame("string", values)["x"].isna()[0]
        assert _frame("string", values)["x"][0] is not None
        assert _frame("string", values, Watching(nones=True))["x"][0] is None


def test_a_model_that_sees_whole_requests_gets_what_pandas_makes_of_them_as_with_mlflow() -> None:
    for values in ([None], ["a"], [None, "a"]):
        theirs = pd.DataFrame([[value, 1.0] for value in values], columns=["x", "y"])
        assert _frame("string", values, Watching(rowwise=False)).dtypes.equals(theirs.dtypes)


def test_columns_stand_in_the_signatures_order_whatever_the_requests() -> None:
    signature = Signature((Column("x", "boolean"), Column("y", "double")))
    bundle = Bundle("", "sklearn", "native", "", signature, missing=("x",))
    body = b'{"dataframe_split": {"columns": ["y", "x"], "data": [[1.5, true]]}}'
    assert list(NativePredictor(Watching(), bundle).predict(reader_for(bundle, SETTINGS).read(body))) == ["x", "y"]


@pytest.mark.parametrize("model", ["words_with_holes", "words_or_none", "mixed", "swapped_flags", "holed_forest"])
def test_an_answer_is_the_same_alone_and_beside_others(fetched: Fetched, model: str) -> None:
    found = msgspec.structs.replace(bundles.read(fetched(model)), kind="native", compiled=None)
    predictor = build(fetched(model), found, SETTINGS)
    reader = reader_for(found, SETTINGS)
    asked = [reader.read(msgspec.json.encode(body)) for body in _bodies(found)]
    alone = [_answered(predictor, inputs) for inputs in asked]
    for one, expected in zip(asked, alone, strict=True):
        for other in asked:
            if one.joins(other) and expected is not None and _answered(predictor, other) is not None:
                assert _answered(predictor, joined([one, other]))[: one.rows] == expected
                assert _answered(predictor, joined([other, one]))[other.rows :] == expected


def _bodies(found: Bundle) -> list[dict[str, Any]]:
    """The example's rows, one by one, and each of them with one optional value missing."""
    split = found.example["dataframe_split"]
    rows = [dict(zip(split["columns"], row, strict=True)) for row in split["data"]]
    holes = [row | {column.name: None} for row in rows for column in found.signature.columns if not column.required]
    return [{"dataframe_records": [row]} for row in rows + holes]


def _answered(predictor: NativePredictor, inputs: Inputs) -> Any:
    try:
        return np.asarray(foreign(predictor.predict, inputs)).tolist()
    except ForeignError:
        return None


def test_a_missing_word_is_the_category_that_the_model_learnt(fetched: Fetched) -> None:
    for model in ("words_with_holes", "words_or_none"):
        found = msgspec.structs.replace(bundles.read(fetched(model)), kind="native", compiled=None)
        predictor, reader = build(fetched(model), found, SETTINGS), reader_for(found, SETTINGS)
        for rows, expected in (("[null, 0.5]", [1]), ('["a", 0.5]', [0]), ('[null, 0.5], ["a", 0.5]', [1, 0])):
            body = f'{{"dataframe_split": {{"columns": ["c", "x"], "data": [{rows}]}}}}'
            assert predictor.predict(reader.read(body.encode())).tolist() == expected


def _matrix(dtype: str = "float64", **params: Any) -> Inputs:
    return Inputs(1, matrix=np.ones((1, 2), dtype), params=params)


def _columns(dtype: str, name: str = "x") -> Inputs:
    return Inputs(1, columns={name: np.ones(1, dtype)})


@pytest.mark.parametrize(
    ("one", "other", "joins"),
    [
        (_matrix(), _matrix(), True),
        (_matrix(), _matrix("float32"), False),
        (_matrix(), _matrix(predict_fn="predict_proba"), False),
        (_columns("int64"), _columns("int64"), True),
        (_columns("int64"), _columns("float64"), False),
        (_columns("int64"), _columns("int64", "y"), False),
        (_matrix(), _columns("float64"), False),
        (Inputs(1, raw=[1]), Inputs(1, raw=[1]), False),
    ],
)
def test_which_requests_share_a_call(one: Inputs, other: Inputs, joins: bool) -> None:
    assert one.joins(other) == other.joins(one) == joins


def _centred(x: Any) -> Any:
    return x - x.mean(axis=0)


def test_a_model_that_looks_at_other_rows_never_shares_a_call() -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    x, y = numbers()
    for step, rowwise in (
        (StandardScaler(), True),
        (FunctionTransformer(), True),
        (FunctionTransformer(np.arctan), True),
        (FunctionTransformer(_centred), False),
    ):
        model = SklearnModel(make_pipeline(step, LogisticRegression(max_iter=1000)).fit(x, y), "predict")
        assert model.rowwise == rowwise
        assert model.wants_frame != rowwise, "and it may go by the names of the frame"


def test_what_is_within_an_estimator_counts() -> None:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    x, y = numbers()
    columns = ColumnTransformer([("a", StandardScaler(), ["a"])])
    assert SklearnModel(TransformedTargetRegressor(make_pipeline(columns, Ridge())).fit(x, y), "predict").wants_frame
    inner = make_pipeline(FunctionTransformer(_centred), LogisticRegression(max_iter=1000))
    assert not SklearnModel(CalibratedClassifierCV(inner, cv=2).fit(x, y), "predict").rowwise
