"""What the training data looked like, as shares per bin: enough to notice drift, without keeping a row of data.

    {"format": "slipway.dev/reference/v1", "rows": 341,
     "features": {"mean radius": {"edges": [10.1, ...], "shares": [0.1, ...]}, ...},
     "score": {"rows": 228, "edges": [0.1, ...], "shares": [0.3, ...]}}

A bin takes what is above the edge before it, up to and including its own; the first is open below and the last above,
so that there is one share more than there are edges, and the shares add up to 1.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from .estimators import Scores

FORMAT = "slipway.dev/reference/v1"
BINS = 10

Bins = dict[str, list[float]]
Reference = dict[str, object]


def reference(train_x: pd.DataFrame, score: Scores) -> Reference:
    """Deciles of every training column, and of the scores on the holdout tenths of the way from 0 to 1."""
    parts = np.linspace(0, 1, BINS + 1)[1:-1]
    features = {str(name): _bins(column.to_numpy(), np.quantile(column, parts)) for name, column in train_x.items()}
    return {
        "format": FORMAT,
        "rows": len(train_x),
        "features": features,
        "score": {"rows": len(score), **_bins(score, parts)},
    }


def _bins(values: Scores, edges: Scores) -> Bins:
    """Shares of `values` between `edges`; edges that coincide, as many equal values make them, count once."""
    distinct = np.unique(edges)
    counts = np.bincount(np.searchsorted(distinct, values, side="left"), minlength=len(distinct) + 1)
    return {"edges": distinct.tolist(), "shares": (counts / len(values)).tolist()}
