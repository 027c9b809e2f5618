"""Trees are read back from the graph: whatever is not the model's own, bit by bit, is refused."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from benchmarks.proof_mutants.__main__ import refused
from benchmarks.proof_mutants.families import honest
from benchmarks.proof_mutants.mutants import KINDS, mutants

from slipway_server.fetch.compile import boosted, convert
from slipway_server.fetch.trees.ensembles import Unreadable, floor32, own
from slipway_server.fetch.trees.readback import read_back, written
from slipway_server.model import bundle as bundles

SIGNATURE = bundles.Signature(columns=tuple(bundles.Column(name, "double") for name in "abcd"))


def data(classes: int = 2) -> tuple[Any, Any]:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(200, 4)) * [1, 10, 100, 0.01]
    return x, np.digitize(x[:, 0] + x[:, 1] / 10, [0.0, 0.6, 1.2][: classes - 1])


def sklearn_models() -> list[Any]:
    from sklearn import ensemble, tree

    made: list[Any] = []
    for classes in (2, 4):
        x, y = data(classes)
        made += [
            tree.DecisionTreeClassifier(max_depth=5, random_state=0).fit(x, y),
            ensemble.RandomForestClassifier(5, random_state=0).fit(x, y),
            ensemble.ExtraTreesClassifier(5, max_depth=5, random_state=0).fit(x, y),
            ensemble.GradientBoostingClassifier(n_estimators=3, random_state=0).fit(x, y),
        ]
    target = x @ [1.0, 2.0, 3.0, 4.0]
    kinds = (tree.ExtraTreeRegressor, ensemble.RandomForestRegressor, ensemble.GradientBoostingRegressor)
    return made + [kind(random_state=0, max_depth=4).fit(x, target) for kind in kinds]


def boosters() -> list[Any]:
    import lightgbm
    import xgboost

    made: list[Any] = []
    for classes in (2, 4):
        x, y = data(classes)
        made.append(xgboost.XGBClassifier(n_estimators=3, n_jobs=1).fit(x, y))
        about = {"objective": "multiclass", "num_class": 4} if classes > 2 else {"objective": "binary"}
        made.append(lightgbm.train(about | {"verbose": -1, "num_threads": 1}, lightgbm.Dataset(x, y), 3))
    return [*made, xgboost.XGBRegressor(n_estimators=3, n_jobs=1).fit(x, x[:, 2])]


def converted(model: Any) -> bytes:
    found = next(iter(convert.candidates(model, SIGNATURE)))
    assert isinstance(found, convert.Candidate)
    return found.content


def test_every_kind_of_scikit_learns_trees_is_read_back() -> None:
    for model in sklearn_models():
        found = read_back(model, converted(model))
        assert (found.found, found.missing) == ("", True), type(model).__name__
        members = np.asarray(getattr(model, "estimators_", [model]), dtype=object).ravel()
        assert found.nodes == sum(member.tree_.node_count for member in members)


def test_boosted_trees_are_read_back() -> None:
    for model in boosters():
        found = next(iter(boosted.candidates(model, SIGNATURE)))
        assert isinstance(found, convert.Candidate)
        back = read_back(model, found.content)
        assert (back.found, back.missing, back.nodes > 20) == ("", True, True)


def test_training_that_stopped_early_leaves_the_trees_after_the_best_round_unused() -> None:
    import xgboost

    x, y = data()
    model = xgboost.XGBRegressor(n_estimators=20, n_jobs=1, early_stopping_rounds=2)
    model.fit(x, y, eval_set=[(x, 1 - y)], verbose=False)
    ensemble = own(model)
    assert ensemble is not None
    assert len(ensemble.roots) == model.best_iteration + 1


@pytest.mark.parametrize(("params", "said"), [({"zero_as_missing": True}, "0 for"), ({"linear_tree": True}, "linear")])
def test_what_trees_of_onnx_cannot_say_is_refused(params: dict[str, Any], said: str) -> None:
    import lightgbm

    x, _ = data()
    about = {"objective": "regression", "verbose": -1, "num_threads": 1, **params}
    booster = lightgbm.train(about, lightgbm.Dataset(x, x[:, 0], params=params), 3)
    with pytest.raises(Unreadable, match=said):
        own(booster)


def test_double_precision_trees_are_none_that_scikit_learn_has() -> None:
    from sklearn.tree import DecisionTreeClassifier

    model = DecisionTreeClassifier(max_depth=3).fit(*data())
    by_name = {each.name: each for each in convert.candidates(model, SIGNATURE) if isinstance(each, convert.Candidate)}
    assert "double precision" in read_back(model, by_name["float64"].content).found
    assert read_back(model, by_name["float64, trees in float32"].content).found == ""


def test_a_model_without_trees_has_none_to_read() -> None:
    from sklearn.linear_model import LogisticRegression

    assert read_back(LogisticRegression().fit(*data()), b"").nodes == 0


def test_the_float32_of_a_threshold_is_the_one_below() -> None:
    values = np.array([0.1, 0.5, 1 / 3, -0.1, 1e-50, 16777217.0])
    below = floor32(values)
    assert (below <= values).all()
    assert (np.nextafter(below.astype(np.float32), np.float32(np.inf)).astype(np.float64) > values).all()
    beside = np.random.default_rng(0).normal(size=1000).astype(np.float32)
    thresholds = np.random.default_rng(1).normal(size=1000)
    assert ((beside <= thresholds) == (beside <= floor32(thresholds))).all()


def test_a_graph_that_no_converter_should_have_written_is_not_followed() -> None:
    import onnx
    from sklearn.tree import DecisionTreeClassifier

    node = onnx.ModelProto.FromString(converted(DecisionTreeClassifier(max_depth=3).fit(*data()))).graph.node[0]
    found = {each.name: each for each in node.attribute}
    found["nodes_truenodeids"].ints[0] = 99
    with pytest.raises((Unreadable, IndexError)):
        written(node)


@pytest.mark.parametrize("kind", KINDS)
def test_mutants_of_a_conversion_are_refused(kind: str) -> None:
    """A sample; `python -m benchmarks.proof_mutants` tries them all."""
    family = KINDS[kind][1][0]
    right = honest(family, 0)
    assert refused(right, right.candidate.content) == ""
    for told, content in itertools.islice(mutants(right.candidate.content, kind, 0), 4):
        assert refused(right, content), told
