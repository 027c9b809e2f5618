"""What the compiler and the proof need to know of decision trees: where they split, and in which precision."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def steps(estimator: Any) -> list[Any]:
    """The estimators that a row passes, in order."""
    found = [step for _, step in estimator.steps] if hasattr(estimator, "steps") else [estimator]
    return [inner for step in found for inner in (steps(step) if hasattr(step, "steps") else [step])]


def alone(estimator: Any) -> bool:
    """Whether the model is trees and nothing before them."""
    found = steps(estimator)
    return len(found) == 1 and bool(len(splits(found[0])[0]))


def splits(estimator: Any) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return (features, thresholds) of every distinct split of the model's last step; empty for other models."""
    features: list[NDArray[Any]] = [np.empty(0, np.int64)]
    thresholds: list[NDArray[Any]] = [np.empty(0)]
    for tree in _trees(steps(estimator)[-1]):
        inner = tree.children_left >= 0
        features.append(tree.feature[inner])
        thresholds.append(tree.threshold[inner])
    pairs = np.unique(np.column_stack([np.concatenate(features), np.concatenate(thresholds)]), axis=0)
    return pairs[:, 0].astype(np.int64), pairs[:, 1]


def _trees(model: Any) -> list[Any]:
    members = getattr(model, "estimators_", None)
    if members is None:
        return [model.tree_] if hasattr(model, "tree_") else []
    flat = np.asarray(members, dtype=object).ravel().tolist()
    return [member.tree_ for member in flat if hasattr(member, "tree_")]
