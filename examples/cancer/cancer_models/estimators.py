"""The estimator of each kind."""

from __future__ import annotations

from typing import Any, Protocol, Self, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from .data import RANDOM_STATE, Split
from .kinds import Kind

Scores = NDArray[np.float64]


class Classifier(Protocol):
    """What is used of a scikit-learn classifier."""

    def fit(self, x: Any, y: Any) -> Self:
        """Learn from rows `x` with labels `y`."""
        ...

    def predict_proba(self, x: Any) -> Scores:
        """One row per row of `x`, one probability per class."""
        ...


def fitted(kind: Kind, split: Split) -> Classifier:
    """The trained estimator of `kind`. The same data give the same estimator."""
    return _untrained(kind).fit(split.train_x, split.train_y)


def _untrained(kind: Kind) -> Classifier:
    if kind is Kind.MODEST:
        return _two_measurements()
    if kind is Kind.WORSE:
        return cast("Classifier", DecisionTreeClassifier(max_depth=2, random_state=RANDOM_STATE))
    return cast("Classifier", RandomForestClassifier(n_estimators=100, random_state=RANDOM_STATE))


def _two_measurements() -> Classifier:
    """A logistic regression that sees mean radius and mean texture alone, but takes all thirty columns.

    Columns go by position, so that the model answers for an array as well as for a table.
    """
    two = ColumnTransformer([("radius-and-texture", StandardScaler(), [0, 1])])
    return cast("Classifier", make_pipeline(two, LogisticRegression(random_state=RANDOM_STATE)))
