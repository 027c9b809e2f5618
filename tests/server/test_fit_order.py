"""The names that a model was fitted with rule the order of its columns; nothing is answered in another one."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slipway_server.errors import ModelError
from slipway_server.fetch.command import Order, fetch
from slipway_server.flavors import fitted
from slipway_server.flavors.sklearn import SklearnModel
from slipway_server.model import bundle as bundles
from slipway_server.model.bundle import Column, Signature
from slipway_server.protocols.tables.names import in_order
from tests.server import hard_models
from tests.server.conftest import SETTINGS, Serve
from tests.server.direct import mlflows, refused, slipways
from tests.server.models import numbers

Saved = Callable[[str], Path]
FITTED = ["a", "b c", "d", "e"]
SIGNED = ["e", "b c", "d", "a"]


def split(frame: Any) -> dict[str, Any]:
    """A frame as a request."""
    return {"dataframe_split": {"columns": [str(name) for name in frame.columns], "data": frame.values.tolist()}}


def _own(model: str) -> tuple[Any, list[Any]]:
    """The rows that a model was fitted on, and what the library itself answers, in the order of the fit."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, y = numbers()
    if model == "swapped_flags":
        x = x.assign(e=x["e"] > 0)
        return x, RandomForestClassifier(7, random_state=0).fit(x, y).predict(x).tolist()
    return x, make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y).predict(x).tolist()


@pytest.mark.parametrize(("model", "compiled"), [("swapped", False), ("swapped", True), ("swapped_flags", False)])
@pytest.mark.parametrize("order", [FITTED, SIGNED, ["d", "a", "e", "b c"]], ids=str)
def test_columns_go_to_the_model_in_the_order_of_its_fit(
    fetched: Saved, model: str, compiled: bool, order: list[str]
) -> None:
    x, expected = _own(model)
    ask = slipways(fetched(model), compiled=compiled)
    asked = x[order].astype(object)
    assert ask(split(asked)) == expected
    assert ask({"dataframe_records": asked.to_dict("records")}) == expected
    assert ask({"inputs": asked.to_dict("list")}) == expected


@pytest.mark.parametrize("compiled", [False, True])
def test_lightgbm_is_held_to_its_names_though_it_never_looks_at_them(fetched: Saved, compiled: bool) -> None:
    import lightgbm

    x, y = numbers()
    booster = lightgbm.train({"objective": "binary", "verbose": -1}, lightgbm.Dataset(x, label=y), 10)
    told = slipways(fetched("swapped_boosted"), compiled=compiled)(split(x[SIGNED]))
    np.testing.assert_allclose(told, booster.predict(x), atol=1e-6)


@pytest.mark.parametrize("compiled", [False, True])
def test_rows_without_names_are_refused_where_their_order_could_be_either(fetched: Saved, compiled: bool) -> None:
    ask = slipways(fetched("swapped"), compiled=compiled)
    assert "name the columns" in refused(ask, {"inputs": [[1, 2, 3, 4]]})
    assert "name the columns" in refused(ask, {"instances": [[1, 2, 3, 4]]})
    assert "name the columns" in refused(slipways(fetched("swapped_flags")), {"inputs": [[1, 2, 3, True]]})


def test_a_tensor_of_all_columns_is_refused_as_well(serve: Serve) -> None:
    tensor = {"name": "input", "shape": [1, 4], "datatype": "FP64", "data": [1, 2, 3, 4]}
    with serve("swapped") as client:
        reply = client.post("/v2/models/demo/infer", {"inputs": [tensor]})
    assert (reply.status, "name the columns" in reply.json["detail"]) == (400, True)


def test_a_model_without_a_signature_goes_by_the_names_of_its_fit(saved: Saved, fetched: Saved) -> None:
    x, expected = _own("unsigned")
    ask, theirs = slipways(fetched("unsigned")), mlflows(saved("unsigned"))
    assert ask(split(x)) == expected == theirs(split(x))[1]
    assert ask(split(x[SIGNED])) == expected
    assert theirs(split(x[SIGNED]))[0] == 400, "scikit-learn raises, and never goes by position"
    nameless = {"dataframe_split": {"data": x.values.tolist()}}
    assert ask(nameless) == theirs(nameless)[1] == expected
    array = {"inputs": x.values.tolist()}
    assert ask(array) == theirs(array)[1] == expected


@pytest.mark.parametrize(
    ("columns", "said"),
    [(["a", "b c", "d"], "'e' missing"), (["a", "b c", "d", "f"], "'e' missing"), ([*FITTED, "f"], "'f' unknown")],
    ids=str,
)
def test_other_columns_than_those_of_the_fit_are_refused(
    saved: Saved, fetched: Saved, columns: list[str], said: str
) -> None:
    body = {"dataframe_split": {"columns": columns, "data": [[1.0] * len(columns)]}}
    assert said in refused(slipways(fetched("unsigned")), body)
    assert mlflows(saved("unsigned"))(body)[0] == 400


def test_a_signature_with_other_columns_than_the_fit_is_refused_when_it_is_fetched(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    import lightgbm
    import mlflow.lightgbm
    import mlflow.sklearn
    from sklearn.tree import DecisionTreeClassifier

    x, y = numbers()
    other = x.rename(columns={"a": "A"})
    tree = DecisionTreeClassifier().fit(x, y)
    booster = lightgbm.train({"objective": "binary", "verbose": -1}, lightgbm.Dataset(x, label=y), 2)
    skops: dict[str, Any] = {"serialization_format": "skops", "skops_trusted_types": hard_models.TRUSTED}
    for model, by, more in ((tree, mlflow.sklearn, skops), (booster, mlflow.lightgbm, {})):
        saved, out = tmp_path / by.__name__, tmp_path / f"{by.__name__}-out"
        hard_models.save(model, other, y, saved, by=by, **more)
        assert _fetched(saved, out) == 3
        assert "was fitted with the columns 'a'" in capfd.readouterr().err


def _fetched(saved: Path, out: Path) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return fetch(Order(str(saved), out), SETTINGS)


def test_names_of_a_step_behind_one_that_passes_all_on_count() -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    x, y = numbers()
    model = make_pipeline("passthrough", LogisticRegression()).fit(x, y)
    assert not hasattr(model, "feature_names_in_")
    assert SklearnModel(model, "predict").fitted.names == tuple(FITTED)


def test_an_array_has_no_names_to_be_held_to() -> None:
    import lightgbm
    from sklearn.linear_model import LogisticRegression

    x, y = numbers()
    assert SklearnModel(LogisticRegression().fit(x.to_numpy(), y), "predict").fitted == fitted.NOTHING
    booster = lightgbm.train({"verbose": -1}, lightgbm.Dataset(x.to_numpy(), label=y), 2)
    assert not fitted.of_boosted(booster).binding
    signature = Signature(tuple(Column(name, "double") for name in SIGNED))
    assert fitted.ordered(signature, fitted.of_boosted(booster)) == signature


def test_every_class_of_boosted_trees_is_held_to_its_names() -> None:
    import lightgbm
    import xgboost

    x, y = numbers()
    by_trees = {"n_estimators": 2, "verbosity": -1}
    for model in (
        lightgbm.train({"verbose": -1}, lightgbm.Dataset(x, label=y), 2),
        lightgbm.LGBMClassifier(**by_trees).fit(x, y),
        xgboost.train({}, xgboost.DMatrix(x, label=y), 2),
        xgboost.XGBClassifier(n_estimators=2).fit(x, y),
    ):
        found = fitted.of_boosted(model)
        assert found.binding
        assert in_order(found.names, SIGNED) == FITTED


def test_a_model_that_picks_columns_by_name_may_be_given_more_of_them() -> None:
    more = Signature(tuple(Column(name, "double") for name in (*FITTED, "f")))
    assert fitted.ordered(more, fitted.Fitted(tuple(FITTED), binding=False)) == more
    with pytest.raises(ModelError, match="fitted with the columns"):
        fitted.ordered(more, fitted.Fitted(tuple(FITTED), binding=True))


@pytest.mark.parametrize(
    ("names", "given", "found"),
    [
        (["a", "b"], ["b", "a"], ["a", "b"]),
        (["a", "b_c"], ["b c", "a"], ["a", "b c"]),
        (["b c", "b_c"], ["b_c", "b c"], ["b c", "b_c"]),
        (["b_c", "b_c"], ["b_c", "b c"], None),
        (["a", "b"], ["a", "b", "b"], None),
        (["a", "b"], ["a"], None),
    ],
    ids=str,
)
def test_the_order_of_given_names(names: list[str], given: list[str], found: list[str] | None) -> None:
    assert in_order(names, given) == found


def test_the_served_signature_is_in_the_order_of_the_fit(fetched: Saved) -> None:
    signature = bundles.read(fetched("swapped")).signature
    assert [column.name for column in signature.columns] == FITTED
    assert signature.reordered
