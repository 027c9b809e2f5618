"""Figures of merit computed from right answers and predictions, by scikit-learn. For gate Jobs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics as sk

Floats = NDArray[np.float64]
Array = NDArray[Any]

DECISION = 0.5
"""Scores of the positive class from here on decide for it."""


class Unmeasurable(ValueError):
    """The figure has no value on these rows. Its text is a sentence: the verdict is Inconclusive."""


@dataclass(frozen=True, slots=True)
class Labels:
    """The right answers of n rows. `positive` is the positive class when there are exactly two classes."""

    values: Array
    classes: tuple[Any, ...]
    positive: Any | None

    @property
    def binary(self) -> NDArray[np.bool_]:
        """Shape (n,): whether each row is of the positive class. Raises Unmeasurable unless there are two classes."""
        if self.positive is None:
            shown = ", ".join(map(str, self.classes[:3]))
            raise Unmeasurable(f"two classes are needed, the dataset's label has {len(self.classes)} ({shown})")
        return np.asarray(self.values == self.positive, dtype=bool)


def labels(values: Array, positive: str | None) -> Labels:
    """The labels in `values`, shape (n,); `positive` names the positive class as text, None means the greater one.

    Raises Unmeasurable for no rows, missing labels, or a `positive` that is no class.
    """
    if len(values) == 0:
        raise Unmeasurable("the dataset has no rows")
    if any(value is None or value != value for value in values.tolist()):
        raise Unmeasurable("the dataset's label column has missing values; drop those rows")
    try:
        classes = tuple(np.unique(values).tolist())
    except TypeError as error:
        raise Unmeasurable("the dataset's label column mixes types; store it as one") from error
    chosen = classes[-1] if len(classes) == 2 else None
    if positive is not None and len(classes) <= 2:
        named = [value for value in classes if str(value) == positive]
        if not named:
            shown = ", ".join(map(str, classes[:3]))
            raise Unmeasurable(f"no row has the positive class {positive!r}; the dataset's label has {shown}")
        chosen = named[0] if len(classes) == 2 else None
    return Labels(values, classes, chosen)


def figure(name: str, truth: Labels, answers: Array) -> float:
    """The figure `name` (one of FIGURES) of `answers`, shape (n,), against the right ones.

    `answers` are scores of the positive class, classes, or values of a regression. Raises Unmeasurable.
    """
    if len(truth.values) != len(answers):
        raise Unmeasurable(f"{len(answers)} predictions for {len(truth.values)} rows")
    value = float(FIGURES[name](truth, answers))
    if not np.isfinite(value):
        raise Unmeasurable(f"{name} is {value} on these rows")
    return value


def numbers(answers: Array) -> Floats:
    """`answers` as finite floats. Raises Unmeasurable."""
    try:
        values = np.asarray(answers, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise Unmeasurable(f"the endpoint answers {answers[0]!r}, and a number is needed") from error
    if not np.isfinite(values).all():
        raise Unmeasurable("some predictions are not finite numbers")
    return values


def decisions(truth: Labels, answers: Array) -> Array:
    """Shape (n,): the class that each answer decides for.

    Answers that are classes themselves count as they are; scores decide at 0.5. Raises Unmeasurable.
    """
    if set(answers.tolist()) <= set(truth.classes):
        return answers
    scores = numbers(answers)
    negative = next((value for value in truth.classes if value != truth.positive), None)
    if truth.positive is None or scores.min() < 0 or scores.max() > 1:
        raise Unmeasurable("the endpoint answers neither classes of the label nor scores between 0 and 1")
    return np.where(scores >= DECISION, np.asarray(truth.positive), np.asarray(negative))


def scores(answers: Array) -> Floats:
    """`answers` as scores. Raises Unmeasurable for bare classes, which have no order to measure."""
    values = numbers(answers)
    if len(values) > 2 and set(values.tolist()) <= {0.0, 1.0}:
        raise Unmeasurable(
            "the endpoint answers classes, and scores are needed; log the model with pyfunc_predict_fn='predict_proba'"
        )
    return values


def _probabilities(answers: Array) -> Floats:
    values = scores(answers)
    if values.min() < 0 or values.max() > 1:
        raise Unmeasurable("the endpoint's scores are no probabilities: they leave the range from 0 to 1")
    return values


def _f1(truth: Labels, answers: Array) -> float:
    decided = decisions(truth, answers)
    if truth.positive is None:
        return float(sk.f1_score(truth.values, decided, average="macro", zero_division=0.0))
    return float(sk.f1_score(truth.binary, decided == truth.positive, zero_division=0.0))


def _r2(truth: Labels, answers: Array) -> float:
    if len(answers) < 2 or len(truth.classes) < 2:
        raise Unmeasurable("r2 needs at least two different right answers")
    return float(sk.r2_score(numbers(truth.values), numbers(answers)))


FIGURES: dict[str, Callable[[Labels, Array], float]] = {
    "auc": lambda truth, answers: sk.roc_auc_score(truth.binary, scores(answers)),
    "average_precision": lambda truth, answers: sk.average_precision_score(truth.binary, scores(answers)),
    "log_loss": lambda truth, answers: sk.log_loss(truth.binary, _probabilities(answers), labels=[False, True]),
    "brier": lambda truth, answers: sk.brier_score_loss(truth.binary, _probabilities(answers)),
    "accuracy": lambda truth, answers: sk.accuracy_score(truth.values, decisions(truth, answers)),
    "f1": _f1,
    "rmse": lambda truth, answers: sk.root_mean_squared_error(numbers(truth.values), numbers(answers)),
    "mae": lambda truth, answers: sk.mean_absolute_error(numbers(truth.values), numbers(answers)),
    "r2": _r2,
}
