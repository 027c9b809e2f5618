"""The trees of a model as arrays, read from the library's own objects and never from a converter's dump."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from slipway_server.fetch.trees import splits as trees

LEAF = -1


class Ensemble(NamedTuple):
    """All trees of a model, one after the other; `left` and `right` are places in these same arrays, -1 at leaves.

    A row goes to the left where `mode` (a name of ONNX) holds for its value and the threshold, or, for a missing
    value, where `missing` says so. `leaves` is what a leaf adds to each output, of shape (nodes, outputs).
    """

    roots: NDArray[np.int64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    missing: NDArray[np.bool_]
    leaves: NDArray[np.float64]
    mode: str


class Unreadable(Exception):
    """The model's trees mean something that ONNX's trees can't say."""


def own(estimator: Any) -> Ensemble | None:
    """The model's trees, with the only thresholds and leaves that a conversion may have; None for other models.

    Raises `Unreadable`.
    """
    if trees.is_xgboost(estimator):
        return _xgboost(estimator)
    if trees.is_lightgbm(estimator):
        return _lightgbm(estimator)
    last = trees.steps(estimator)[-1]
    known = type(last).__module__.startswith("sklearn.") and type(last).__name__ in WEIGHTS
    return _sklearn(last) if known and getattr(last, "n_outputs_", 1) == 1 else None


def floor32(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The greatest float32 that is not above each value: for x in float32, x <= value and x <= this are the same."""
    near = values.astype(np.float32)
    return np.where(near > values, np.nextafter(near, np.float32(-np.inf)), near).astype(np.float64)


def _joined(parts: list[Ensemble]) -> Ensemble:
    sizes = [len(part.left) for part in parts]
    offsets = np.cumsum([0, *sizes[:-1]])

    def places(name: str) -> NDArray[np.int64]:
        return np.concatenate(
            [
                np.where(getattr(part, name) == LEAF, LEAF, getattr(part, name) + offset)
                for part, offset in zip(parts, offsets, strict=True)
            ]
        )

    plain = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("feature", "threshold", "missing", "leaves")
    }
    return Ensemble(offsets, places("left"), places("right"), mode=parts[0].mode, **plain)


def _in_column(values: NDArray[np.float64], column: int, columns: int) -> NDArray[np.float64]:
    """One number per leaf, as what it adds to one of several outputs."""
    found = np.zeros((len(values), columns))
    found[:, column] = values
    return found


_ROOT = np.zeros(1, np.int64)
WEIGHTS = {
    **dict.fromkeys(("DecisionTreeClassifier", "ExtraTreeClassifier"), "share"),
    **dict.fromkeys(("RandomForestClassifier", "ExtraTreesClassifier"), "share"),
    **dict.fromkeys(("DecisionTreeRegressor", "ExtraTreeRegressor"), "mean"),
    **dict.fromkeys(("RandomForestRegressor", "ExtraTreesRegressor"), "mean"),
    **dict.fromkeys(("GradientBoostingClassifier", "GradientBoostingRegressor"), "step"),
}


def _sklearn(model: Any) -> Ensemble:
    """scikit-learn casts a row to float32 and compares it with thresholds in double precision."""
    members = np.asarray(getattr(model, "estimators_", [model]), dtype=object)
    grid = members.reshape(len(members), -1)
    parts = []
    for (_, column), member in np.ndenumerate(grid):
        tree = member.tree_
        values = tree.value.reshape(tree.node_count, -1)
        parts.append(
            Ensemble(
                roots=_ROOT,
                left=tree.children_left.astype(np.int64),
                right=tree.children_right.astype(np.int64),
                feature=tree.feature.astype(np.int64),
                threshold=floor32(np.minimum(tree.threshold, trees.FLOAT32_MAX)),
                missing=tree.missing_go_to_left.astype(bool),
                leaves=_leaves(model, values, (column, len(grid), grid.shape[1])),
                mode="BRANCH_LEQ",
            )
        )
    return _joined(parts)


def _leaves(model: Any, values: NDArray[np.float64], place: tuple[int, int, int]) -> NDArray[np.float64]:
    """What each leaf adds, in float32; `place` is the tree's column, the number of rows of trees and of columns."""
    column, count, columns = place
    how = WEIGHTS[type(model).__name__]
    if how == "step":
        return _in_column((values[:, 0] * model.learning_rate).astype(np.float32).astype(np.float64), column, columns)
    factor: Any = 1.0 / count
    if how == "share":
        factor = (1.0 / count) / np.cumsum(values, axis=1)[:, -1:]
    weighted: NDArray[np.float64] = (values * factor).astype(np.float32).astype(np.float64)
    return weighted[:, 1:] if how == "share" and weighted.shape[1] == 2 else weighted


def _xgboost(estimator: Any) -> Ensemble | None:
    """XGBoost keeps everything in float32."""
    wrapped = hasattr(estimator, "get_booster")
    booster = estimator.get_booster() if wrapped else estimator
    learner = msgspec.json.decode(bytes(booster.save_raw("json")))["learner"]
    boosted = learner["gradient_booster"]
    if boosted["name"] != "gbtree":
        return None
    model = boosted["model"]
    used = _used(booster, model) if wrapped else len(model["trees"])
    shape = learner["learner_model_param"]
    outputs = max(1, int(shape["num_class"]), int(shape.get("num_target", 1)))
    found = model["trees"][:used]
    if not found or any(any(tree["split_type"]) or "size_leaf_vector" not in tree["tree_param"] for tree in found):
        return None
    if any(int(tree["tree_param"]["size_leaf_vector"]) > 1 for tree in found):
        return None
    return _joined([_xgboost_tree(*each, outputs) for each in zip(found, model["tree_info"][:used], strict=True)])


def _used(booster: Any, model: Any) -> int:
    """XGBoost's scikit-learn classes answer by the trees up to the best round, where training stopped early."""
    best = booster.attr("best_iteration")
    starts = model["iteration_indptr"]
    return int(starts[int(best) + 1] if best is not None else starts[-1])


def _xgboost_tree(tree: Any, column: int, columns: int) -> Ensemble:
    values = np.array(tree["split_conditions"], dtype=np.float32).astype(np.float64)
    return Ensemble(
        roots=_ROOT,
        left=np.array(tree["left_children"], dtype=np.int64),
        right=np.array(tree["right_children"], dtype=np.int64),
        feature=np.array(tree["split_indices"], dtype=np.int64),
        threshold=values,
        missing=np.array(tree["default_left"], dtype=bool),
        leaves=_in_column(values, column, columns),
        mode="BRANCH_LT",
    )


def _lightgbm(estimator: Any) -> Ensemble | None:
    """LightGBM compares in double precision. Its own text of a model holds the arrays, leaves apart from splits."""
    booster = getattr(estimator, "booster_", estimator)
    head, *parts = booster.model_to_string(num_iteration=booster.best_iteration).split("\nTree=")
    columns = max(1, int(_fields(head).get("num_tree_per_iteration", 1)))
    fields = [_fields(part.split("\nend of trees")[0]) for part in parts]
    if any(each["num_cat"] != "0" for each in fields):
        return None
    if any(each.get("is_linear", "0") != "0" for each in fields):
        raise Unreadable("LightGBM's leaves are linear functions, which trees of ONNX don't have")
    return _joined([_lightgbm_tree(each, index % columns, columns) for index, each in enumerate(fields)])


def _fields(text: str) -> dict[str, str]:
    lines = (line.partition("=") for line in text.splitlines())
    return {name: value for name, sign, value in lines if sign}


def _lightgbm_tree(fields: dict[str, str], column: int, columns: int) -> Ensemble:
    """Splits stand first, leaves after them: a child of -1 - n is leaf n."""
    splits = int(fields["num_leaves"]) - 1

    def numbers(name: str, kind: Any) -> NDArray[Any]:
        return np.array(fields.get(name, "").split() if splits else [], dtype=np.float64).astype(kind)

    decisions = numbers("decision_type", np.int64)
    threshold = numbers("threshold", np.float64)
    types = decisions >> 2 & 3  # what a missing value is: 0 none (it counts as 0.0), 1 zero, 2 NaN
    if bool((types == 1).any()):
        raise Unreadable("LightGBM takes 0 for a missing value, which trees of ONNX don't")
    leaves = np.array(fields["leaf_value"].split(), dtype=np.float64).astype(np.float32).astype(np.float64)
    pad = np.zeros(splits + 1)
    children = [
        np.where(c < 0, splits - 1 - c, c) for c in (numbers(f"{s}_child", np.int64) for s in ("left", "right"))
    ]
    ends = np.full(splits + 1, LEAF)
    return Ensemble(
        roots=_ROOT,
        left=np.concatenate([children[0], ends]),
        right=np.concatenate([children[1], ends]),
        feature=np.concatenate([numbers("split_feature", np.int64), ends]),
        threshold=np.concatenate([threshold, pad]),
        missing=np.concatenate([np.where(types == 2, decisions & 2 > 0, threshold >= 0.0), pad > 0]),
        leaves=_in_column(np.concatenate([np.zeros(splits), leaves]), column, columns),
        mode="BRANCH_LEQ",
    )
