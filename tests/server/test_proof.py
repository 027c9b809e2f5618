"""A conversion that is not proved equal to the original is not served."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slipway_server.fetch.command import Order, fetch
from slipway_server.fetch.compile import boosted, convert, graph
from slipway_server.fetch.proof.prove import Counts, Sides, difference, prove
from slipway_server.fetch.trees import splits as trees
from slipway_server.model import bundle as bundles
from slipway_server.model.inputs import Inputs
from tests.server.conftest import SETTINGS
from tests.server.models import BOOSTED, numbers


def test_the_demo_models_are_compiled_with_their_proof(bundle_of: Callable[[str], bundles.Bundle]) -> None:
    for name in ("forest", "scaled_forest", "mixed", "ridge", *(model.__name__ for model in BOOSTED)):
        found = bundle_of(name)
        assert found.kind == "onnx", found.why
        assert found.proof is not None
        assert found.proof[found.predict_fn]["holds"]
    assert set(bundle_of("forest").proof["predict"]["rows"]) >= {"known", "random", "extreme", "thresholds"}  # type: ignore[index]
    assert bundle_of("forest").proof["predict"]["rows"]["known"]["compared"] == 300  # type: ignore[index]
    assert "missing" in bundle_of("mixed").proof["predict"]["rows"]  # type: ignore[index]


def test_trees_behind_a_scaler_need_its_result_in_float32(bundle_of: Callable[[str], bundles.Bundle]) -> None:
    assert "trees in float32" in bundle_of("scaled_forest").why


def test_lightgbm_compares_in_double_precision_and_xgboost_in_single(
    bundle_of: Callable[[str], bundles.Bundle],
) -> None:
    for model in BOOSTED:
        found = bundle_of(model.__name__)
        assert found.compiled is not None
        assert found.compiled.dtype == ("float64" if found.flavor == "lightgbm" else "float32")
        assert found.proof is not None
        assert found.proof["predict"]["rows"]["thresholds"]["compared"] > 0
    assert set(bundle_of("xgb_classifier").proof or {}) == {"predict", "predict_proba"}


def test_thresholds_that_are_not_the_models_own_are_not_served() -> None:
    import lightgbm
    import onnx

    x, y = numbers()
    data = lightgbm.Dataset(x.to_numpy(), label=y)
    booster = lightgbm.train({"objective": "binary", "verbose": -1}, data, 3)
    features, values = trees.splits(booster)
    signature = bundles.Signature(columns=tuple(bundles.Column(name, "double") for name in "abcd"))
    first = next(iter(boosted.candidates(booster, signature)))
    assert isinstance(first, convert.Candidate)
    single = list(boosted.candidates(booster, signature))[1]
    assert isinstance(single, convert.Candidate)
    assert (first.compiled.dtype, single.compiled.dtype) == ("float64", "float32")
    graph_of = onnx.ModelProto.FromString
    assert graph.widen(graph_of(single.content), convert.MATRIX, (features, values))
    assert not graph.widen(graph_of(single.content), convert.MATRIX, (features[1:], values[1:] + 1.0))
    beside = np.append(values, np.nextafter(values[0], np.inf))
    assert not graph.widen(graph_of(single.content), convert.MATRIX, (np.append(features, features[0]), beside))


def test_a_model_without_a_conversion_is_served_by_its_own_library(
    bundle_of: Callable[[str], bundles.Bundle],
) -> None:
    found = bundle_of("boosted")
    assert (found.kind, found.compiled) == ("native", None)
    assert "not compiled" in found.why


def test_a_wrong_conversion_is_caught_and_the_model_served_natively(
    saved: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sklearn.ensemble import RandomForestClassifier

    x, y = numbers()
    impostor = RandomForestClassifier(12, random_state=1).fit(x.to_numpy(), y)
    honest = convert.candidates

    def wrong(_estimator: Any, signature: bundles.Signature) -> Iterator[Any]:
        return honest(impostor, signature)

    monkeypatch.setattr(convert, "candidates", wrong)
    assert _fetched(saved("forest"), tmp_path).kind == "native"
    assert "than the model's" in bundles.read(tmp_path).why
    assert not (tmp_path / bundles.FOLDER / bundles.ONNX_FILE).exists()


def test_a_model_that_cannot_be_converted_is_served_natively(
    saved: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convert, "candidates", lambda *_: iter([convert.ConversionError("no converter for Oracle")]))
    found = _fetched(saved("forest"), tmp_path)
    assert (found.kind, "no converter for Oracle" in found.why) == ("native", True)


def test_thresholds_are_tried_in_both_precisions() -> None:
    value = 0.1
    beside = trees.around(np.array([value]))[0]
    assert value in beside
    assert float(np.float32(value)) in beside
    assert len(np.unique(beside)) == 6


def test_every_distinct_split_of_a_forest_is_found() -> None:
    from sklearn.ensemble import RandomForestClassifier

    x, y = numbers()
    forest = RandomForestClassifier(5, random_state=0).fit(x.to_numpy(), y)
    features, values = trees.splits(forest)
    total = sum(int((tree.tree_.children_left >= 0).sum()) for tree in forest.estimators_)
    assert 0 < len(features) <= total
    assert set(features.tolist()) <= {0, 1, 2, 3}
    assert len(values) == len(features)


@pytest.mark.parametrize(
    ("expected", "got", "said"),
    [
        (np.array([1, 0]), np.array([1, 1]), "1 of 2 labels"),
        (np.array([1, 0]), np.array([1.0, 0.0]), "labels"),
        (np.array(["a"]), np.array(["a"], dtype=object), ""),
        (np.array([True]), np.array([1]), "labels"),
        (np.array([1, 0]), np.array([[1], [0]]), "shape"),
        (np.array([[0.5, 0.5]]), np.array([[0.5000004, 0.4999996]]), ""),
        (np.array([[0.5, 0.5]]), np.array([[0.500004, 0.499996]]), "differ"),
        (np.array([1e6, 1e6]), np.array([1e6 + 0.5, 1e6]), ""),
        (np.array([1e-9, 2e-9]), np.array([1e-9, 2.1e-9]), "differ"),
        (np.array([1.0, np.nan]), np.array([1.0, 2.0]), "missing"),
    ],
)
def test_what_counts_as_equal(expected: Any, got: Any, said: str) -> None:
    found, _ = difference(expected, got, 1e-6)
    assert said in found
    assert bool(found) == bool(said)


def test_both_must_refuse_the_same_rows() -> None:
    def strict(inputs: Inputs) -> Any:
        raise ValueError("no")

    def lenient(inputs: Inputs) -> Any:
        return np.zeros(inputs.rows, dtype=int)

    sets = {"all": Inputs(2, matrix=np.zeros((2, 1)))}
    agreed = prove(Sides(strict, strict), sets, 1e-6)
    assert (agreed.holds, agreed.rows["all"]) == (True, Counts(refused_by_both=2))
    assert "refuses" in prove(Sides(strict, lenient), sets, 1e-6).found


def test_rows_are_tried_one_by_one_as_well() -> None:
    def only_in_batches(inputs: Inputs) -> Any:
        return np.full(inputs.rows, int(inputs.rows > 1))

    sets = {"all": Inputs(4, matrix=np.zeros((4, 1)))}
    ones = Sides(lambda inputs: np.ones(inputs.rows, dtype=int), only_in_batches)
    assert "alone" in prove(ones, sets, 1e-6).found


def _fetched(model: Path, out: Path) -> bundles.Bundle:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert fetch(Order(str(model), out), SETTINGS) == 0
    return bundles.read(out)
