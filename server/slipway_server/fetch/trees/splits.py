"""What the compiler and the proof need to know of decision trees: where they split, and in which precision."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FLOAT32_MAX = float(np.finfo(np.float32).max)


def steps(estimator: Any) -> list[Any]:
    """The estimators that a row passes, in order."""
    found = [step for _, step in estimator.steps] if hasattr(estimator, "steps") else [estimator]
    return [inner for step in found for inner in (steps(step) if hasattr(step, "steps") else [step])]


def alone(estimator: Any) -> bool:
    """Whether the model is trees and nothing before them."""
    found = steps(estimator)
    return len(found) == 1 and bool(len(splits(found[0])[0]))


def splits(estimator: Any) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return (features, thresholds) of every distinct split of the model's last step; empty for other models.

    A split at infinity parts missing values from all others; it is left out.
    """
    if is_xgboost(estimator) or is_lightgbm(estimator):
        return _boosted(estimator)
    features: list[NDArray[Any]] = [np.empty(0, np.int64)]
    thresholds: list[NDArray[Any]] = [np.empty(0)]
    for tree in members(steps(estimator)[-1]):
        inner = tree.children_left >= 0
        features.append(tree.feature[inner])
        thresholds.append(tree.threshold[inner])
    return _distinct(np.concatenate(features), np.concatenate(thresholds))


def _distinct(features: NDArray[Any], thresholds: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    finite = np.isfinite(thresholds)
    pairs = np.unique(np.column_stack([features[finite], thresholds[finite]]), axis=0)
    return pairs[:, 0].astype(np.int64), pairs[:, 1]


def is_xgboost(estimator: Any) -> bool:
    """Whether it is one of XGBoost's classes. Asked of the name: what is not needed is not imported."""
    return type(estimator).__module__.startswith("xgboost.")


def is_lightgbm(estimator: Any) -> bool:
    """Whether it is one of LightGBM's classes."""
    return type(estimator).__module__.startswith("lightgbm.")


def by_category(estimator: Any) -> bool:
    """Whether one of LightGBM's trees splits by sets of categories; such splits have no threshold."""
    if not is_lightgbm(estimator):
        return False
    frame = getattr(estimator, "booster_", estimator).trees_to_dataframe()
    return bool((frame["decision_type"] == "==").any())


def is_binary(booster: Any) -> bool:
    """Whether a booster answers with the probability of the second of two classes."""
    if is_xgboost(booster):
        return '"binary:' in booster.save_config()
    return str(booster.dump_model(num_iteration=1)["objective"]).startswith("binary")


def is_probability(estimator: Any, method: str) -> bool:
    """Whether a method answers with shares of 1: a booster by itself does where it was trained to tell classes."""
    if method == "predict_proba" or hasattr(estimator, "get_params"):
        return method == "predict_proba"
    if is_xgboost(estimator):
        return '"multi:' in estimator.save_config()
    return is_lightgbm(estimator) and str(estimator.dump_model(num_iteration=1)["objective"]).startswith("multi")


def _boosted(estimator: Any) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    if is_xgboost(estimator):
        booster = estimator.get_booster() if hasattr(estimator, "get_booster") else estimator
        names = booster.feature_names or [f"f{index}" for index in range(booster.num_features())]
        frame = booster.trees_to_dataframe()[["Feature", "Split"]]
    else:
        booster = getattr(estimator, "booster_", estimator)
        names = booster.feature_name()
        frame = booster.trees_to_dataframe()
        frame = frame.loc[frame["decision_type"] != "==", ["split_feature", "threshold"]]
    places = {name: index for index, name in enumerate(names)}
    inner = frame[frame.iloc[:, 0].isin(places)]
    thresholds = np.array([float(value) for value in inner.iloc[:, 1]], dtype=np.float64)
    features = np.array([places[name] for name in inner.iloc[:, 0]], dtype=np.int64)
    return _distinct(features, thresholds)


def around(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each value: itself, its float32, and the neighbours of both. Shape (n,) to (n, 6)."""
    narrow = values.astype(np.float32)
    return np.column_stack(
        [
            values,
            np.nextafter(values, np.inf),
            np.nextafter(values, -np.inf),
            narrow,
            np.nextafter(narrow, np.float32(np.inf)),
            np.nextafter(narrow, np.float32(-np.inf)),
        ]
    )


def members(model: Any) -> list[Any]:
    """scikit-learn's own tree objects, of a tree, a forest or a sum of trees."""
    members = getattr(model, "estimators_", None)
    if members is None:
        return [model.tree_] if hasattr(model, "tree_") else []
    flat = np.asarray(members, dtype=object).ravel().tolist()
    return [member.tree_ for member in flat if hasattr(member, "tree_")]
