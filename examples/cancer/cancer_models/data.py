"""The data: scikit-learn's breast-cancer measurements, split once and the same way every time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import cast

import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

RANDOM_STATE = 42
HOLDOUT_SHARE = 0.4
"""Large, because every comparison of two versions rests on the holdout: 228 of 569 rows."""

TARGET = "target"
"""The label's column in the holdout: 0 is malignant, 1 is benign, as scikit-learn has it."""


@dataclass(frozen=True)
class Split:
    """Features and labels for training, features and labels held out, and the version of the whole."""

    train_x: pd.DataFrame
    train_y: pd.Series[int]
    holdout_x: pd.DataFrame
    holdout_y: pd.Series[int]
    version: str


def load() -> Split:
    """The split, with the same rows on every call and every machine."""
    bunch = load_breast_cancer(as_frame=True)
    x, y = cast("tuple[pd.DataFrame, pd.Series[int]]", (bunch.data, bunch.target.rename(TARGET)))
    train_x, holdout_x, train_y, holdout_y = train_test_split(
        x, y, test_size=HOLDOUT_SHARE, random_state=RANDOM_STATE, stratify=y
    )
    return Split(train_x, train_y, holdout_x, holdout_y, version(x.join(y)))


def version(frame: pd.DataFrame) -> str:
    """A name for exactly this data: its columns' names and every value, in order."""
    digest = hashlib.sha256("\0".join(frame.columns).encode())
    digest.update(frame.to_numpy("float64").tobytes())
    return f"breast-cancer-{digest.hexdigest()[:12]}"


def holdout_frame(split: Split) -> pd.DataFrame:
    """The holdout as it is published beside a model: the features, then the label in column `target`."""
    return split.holdout_x.join(split.holdout_y).reset_index(drop=True)
