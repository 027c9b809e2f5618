"""Null is let through where the model takes it and the compiled one was proved to answer it alike, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from slipway_server.errors import RequestError
from slipway_server.fetch.compile import graph
from slipway_server.fetch.prepare import prepare
from slipway_server.fetch.proof import missing
from slipway_server.model.bundle import NULL_WORD, Bundle, Column, Signature
from slipway_server.model.inputs import Inputs
from slipway_server.predictor import native, onnx
from slipway_server.protocols.select import reader_for
from slipway_server.protocols.tables.typed import TypedReader
from tests.server.conftest import SETTINGS
from tests.server.models import prepare_saved


def learnt(rows: int = 600) -> tuple[pd.DataFrame, Any]:
    """An age that is often missing, which always means class 1, and a city."""
    rng = np.random.default_rng(0)
    age = rng.uniform(18, 80, rows)
    hole = rng.random(rows) < 0.3
    y = np.where(hole, 1, age < 40).astype(int)
    return pd.DataFrame({"age": np.where(hole, np.nan, age), "city": rng.choice(["Bonn", "Ulm"], rows)}), y


def trees_on(last: Any) -> tuple[Any, pd.DataFrame]:
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    x, y = learnt()
    within = ColumnTransformer([("e", OneHotEncoder(), ["city"])], remainder="passthrough")
    return make_pipeline(within, last).fit(x, y), x


def forest() -> tuple[Any, pd.DataFrame]:
    from sklearn.ensemble import RandomForestClassifier

    return trees_on(RandomForestClassifier(10, max_depth=4, random_state=0))


def words(encoder: Any) -> tuple[Any, pd.DataFrame]:
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    x = pd.DataFrame({"c": ["a", "b", None] * 60, "x": np.linspace(0, 1, 180)})
    within = ColumnTransformer([("o", encoder, ["c"])], remainder="passthrough")
    return make_pipeline(within, LogisticRegression()).fit(x, [0, 0, 1] * 60), x


def answers(directory: Path, bundle: Bundle, rows: list[list[Any]]) -> Any:
    """What a server would answer."""
    names = [column.name for column in bundle.signature.columns]
    body = json.dumps({"dataframe_split": {"columns": names, "data": rows}}).encode()
    inputs = reader_for(bundle, SETTINGS).read(body)
    served = onnx.build(directory, bundle) if bundle.kind == "onnx" else native.build(directory, bundle, SETTINGS)
    return np.asarray(served.predict(inputs)).tolist()


def test_trees_that_learnt_from_missing_values_send_them_where_the_model_does(tmp_path: Path) -> None:
    model, x = forest()
    bundle = prepare_saved(model, x, tmp_path / "m")
    assert (bundle.kind, bundle.missing) == ("onnx", ("age",)), bundle.why
    holes = x[x["age"].isna()]
    assert answers(tmp_path / "m", bundle, [[None, city] for city in holes["city"]]) == [1] * len(holes)
    assert (bundle.proof or {})["predict"]["rows"]["missing"]["compared"] == 2000


def test_an_optional_column_whose_nulls_are_converted_wrongly_makes_the_model_native(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph, "branches", lambda *_: None)
    model, x = forest()
    bundle = prepare_saved(model, x, tmp_path / "m")
    assert bundle.kind == "native"
    assert "missing values in 'age' are not answered alike" in bundle.why
    assert answers(tmp_path / "m", bundle, [[None, "Ulm"], [70.0, "Ulm"]]) == [1, 0]


def test_a_required_column_whose_nulls_are_converted_wrongly_refuses_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph, "branches", lambda *_: None)
    model, x = forest()
    bundle = prepare_saved(model, x.dropna(), tmp_path / "m")
    assert (bundle.kind, bundle.missing) == ("onnx", ())
    assert answers(tmp_path / "m", bundle, [[70.0, "Ulm"]]) == [0]
    with pytest.raises(RequestError) as refused:
        answers(tmp_path / "m", bundle, [[None, "Ulm"]])
    assert refused.value.status == 400


def test_a_column_of_numbers_that_the_model_refuses_to_miss_is_refused_though_it_is_optional(tmp_path: Path) -> None:
    from mlflow.models import infer_signature
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    x = pd.DataFrame({"a": np.linspace(0, 1, 60), "b": [1.0, 2.0, 3.0] * 20})
    picked = ColumnTransformer([("numbers", "passthrough", ["a", "b"])])
    model = make_pipeline(picked, LogisticRegression()).fit(x, [0, 1] * 30)
    optional = infer_signature(x.assign(b=[np.nan, *x["b"][1:]]), np.zeros(60, dtype=int))
    bundle = prepare_saved(model, x, tmp_path / "m", signature=optional)
    assert (bundle.kind, bundle.missing) == ("onnx", ()), bundle.why
    for body in ({"dataframe_records": [{"a": 0.5}]}, {"dataframe_records": [{"a": 0.5, "b": None}]}):
        with pytest.raises(RequestError) as refused:
            reader_for(bundle, SETTINGS).read(json.dumps(body).encode())
        assert refused.value.status == 400


@pytest.mark.parametrize("handle", ["ignore", "error"])
def test_a_missing_word_is_the_category_that_the_encoder_knows(tmp_path: Path, handle: str) -> None:
    from sklearn.preprocessing import OneHotEncoder

    model, x = words(OneHotEncoder(handle_unknown=handle))
    bundle = prepare_saved(model, x, tmp_path / "m")
    assert (bundle.kind, bundle.missing) == ("onnx", ("c",)), bundle.why
    assert answers(tmp_path / "m", bundle, [[None, 0.5], ["a", 0.5]]) == [1, 0]
    assert answers(tmp_path / "m", bundle, [[None, 0.5]]) == [1]
    if handle == "ignore":
        assert answers(tmp_path / "m", bundle, [[text, 0.5] for text in ("None", "nan", NULL_WORD, "zz")]) == [0] * 4


def test_a_missing_word_that_no_encoder_knows_is_refused(tmp_path: Path) -> None:
    from sklearn.preprocessing import OneHotEncoder

    model, x = words(OneHotEncoder())
    whole = x.dropna()
    bundle = prepare_saved(model.fit(whole, [0, 1] * 60), whole, tmp_path / "m")
    assert (bundle.kind, bundle.missing) == ("onnx", ())
    with pytest.raises(RequestError):
        answers(tmp_path / "m", bundle, [[None, 0.5]])


@pytest.mark.parametrize("kind", ["boolean", "integer", "long", "float", "double", "string", "datetime"])
def test_null_is_read_in_the_columns_that_may_miss_it_and_in_no_others(kind: str) -> None:
    signature = Signature(columns=(Column("a", kind, required=False), Column("s", "string")))  # type: ignore[arg-type]
    body = json.dumps({"dataframe_records": [{"a": None, "s": "x"}]}).encode()
    lenient = TypedReader(signature, max_rows=9, missing=("a",), categories={})
    assert lenient.read(body).rows == 1
    assert lenient.read(b'{"dataframe_records": [{"s": "x"}]}').rows == 1
    strict = TypedReader(signature, max_rows=9, missing=(), categories={})
    for refused in (body, b'{"dataframe_records": [{"s": "x"}]}', b'{"inputs": {"s": ["x"]}}'):
        with pytest.raises(RequestError):
            strict.read(refused)


@pytest.mark.parametrize("kind", ["integer", "long", "boolean"])
def test_what_has_no_form_in_the_graph_does_not_reach_it(kind: str) -> None:
    with pytest.raises(ValueError, match="missing"):
        onnx.fed(np.array([1.0, np.nan]), kind, np.dtype("float64"))


def test_columns_are_asked_one_by_one_where_not_all_may_be_missing() -> None:
    class Half:
        rowwise = True

        def predict(self, inputs: Inputs) -> Any:
            assert inputs.columns is not None
            if bool(np.isnan(inputs.columns["a"]).any()):
                raise ValueError("a")
            return np.zeros(inputs.rows)

    signature = Signature(columns=(Column("a", "double"), Column("b", "double"), Column("s", "string")))
    example = Inputs(2, columns={"a": np.ones(2), "b": np.ones(2), "s": np.array(["x", "y"], dtype=object)})
    assert missing.accepted(Half(), signature, example) == ("b",)
    assert missing.where(missing.with_holes(example.repeated(99), signature, ["b"]), signature) == {"b"}


def test_a_split_that_parts_missing_values_from_all_others_is_converted(tmp_path: Path) -> None:
    """Its threshold is infinite, on which the converter would never end."""
    from sklearn.tree import DecisionTreeClassifier

    x, _ = learnt()
    model = trees_on(DecisionTreeClassifier(max_depth=4))[0].fit(x, x["age"].isna().astype(int))
    assert np.isinf(model[-1].tree_.threshold).any()
    bundle = prepare_saved(model, x, tmp_path / "m")
    assert (bundle.kind, bundle.missing) == ("onnx", ("age",)), bundle.why
    assert np.isinf(model[-1].tree_.threshold).any(), "the model itself is left as it is"
    assert answers(tmp_path / "m", bundle, [[None, "Ulm"], [70.0, "Ulm"]]) == [1, 0]


def test_a_forest_that_never_met_a_missing_value_answers_one_as_its_library_does(tmp_path: Path) -> None:
    from tests.server.models import forest as plain

    plain(tmp_path / "m")
    bundle = prepare(tmp_path / "m", "sha256:0", SETTINGS)
    assert (bundle.kind, set(bundle.missing)) == ("onnx", {"a", "b c", "d", "e"})
    model = native.build(tmp_path / "m", bundle, SETTINGS)
    for rows in ([[None, 1.0, 2.0, 3.0]], [[None, 1.0, 2.0, 3.0], [0.5, None, 2.0, None]] * 60):
        found = Inputs(len(rows), matrix=np.array(rows, dtype=np.float64))
        assert answers(tmp_path / "m", bundle, rows) == np.asarray(model.predict(found)).tolist()
