"""How good a version is, on rows that it never saw."""

from __future__ import annotations

from sklearn.metrics import accuracy_score, brier_score_loss, log_loss, roc_auc_score

from .data import Split
from .estimators import Classifier, Scores


def scores(model: Classifier, split: Split) -> Scores:
    """Probability of class 1 for every row of the holdout."""
    return model.predict_proba(split.holdout_x)[:, 1]


def metrics(split: Split, score: Scores) -> dict[str, float]:
    """The figures that are logged; `auc` ranks the scores themselves, for labels would throw the ranking away."""
    truth = split.holdout_y
    return {
        "auc": float(roc_auc_score(truth, score)),
        "accuracy": float(accuracy_score(truth, score >= 0.5)),
        "log_loss": float(log_loss(truth, score)),
        "brier": float(brier_score_loss(truth, score)),
        "holdout_rows": float(len(truth)),
    }
