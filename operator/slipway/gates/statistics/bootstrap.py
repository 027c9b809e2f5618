"""The difference of any figure on the same rows, by a paired bootstrap. For gate Jobs.

Efron and Tibshirani: An Introduction to the Bootstrap (1993), chapter 13 (percentile interval). Rows are drawn in
pairs, so that what both models find hard cancels out; within each class where there are two, so that both stay present.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from slipway.gates.statistics.delong import Comparison
from slipway.gates.statistics.figures import Array, Labels, Unmeasurable, figure

RESAMPLES = 2000
SEED = 20_260_101
MIN_ROWS = 50
"""Below this the percentile interval is too narrow to be trusted."""


def compare(name: str, truth: Labels, candidate: Array, production: Array, confidence: float) -> Comparison:
    """The paired difference in the figure `name` (one of FIGURES); both answers have shape (n,).

    The seed is fixed and rows are put in an order of their own first: the same rows give the same interval, whatever
    their order. Raises Unmeasurable with fewer than 50 rows.
    """
    rows = len(truth.values)
    if rows < MIN_ROWS:
        raise Unmeasurable(f"only {rows} rows; the bootstrap needs {MIN_ROWS}")
    order = np.lexsort([_sortable(production), _sortable(candidate), _sortable(truth.values)])
    sides = (truth.values[order], candidate[order], production[order])
    drawn = np.array([_difference(name, truth, sides, pick) for pick in _draws(truth, sides[0])])
    point = figure(name, truth, candidate) - figure(name, truth, production)
    lower, upper = np.quantile(drawn, [1 - confidence, confidence])
    method = f"paired bootstrap of {name}, percentile interval of {RESAMPLES} resamples, seed {SEED}"
    return Comparison(point, float(lower), float(upper), float(drawn.std(ddof=1)), method)


def _draws(truth: Labels, values: Array) -> list[NDArray[np.intp]]:
    random = np.random.default_rng(SEED)
    strata = [np.flatnonzero(values == kind) for kind in truth.classes] if truth.positive is not None else []
    strata = strata or [np.arange(len(values))]
    return [
        np.concatenate([stratum[random.integers(0, len(stratum), len(stratum))] for stratum in strata])
        for _ in range(RESAMPLES)
    ]


def _difference(name: str, truth: Labels, sides: tuple[Array, Array, Array], pick: NDArray[np.intp]) -> float:
    drawn = Labels(sides[0][pick], truth.classes, truth.positive)
    return figure(name, drawn, sides[1][pick]) - figure(name, drawn, sides[2][pick])


def _sortable(values: Array) -> Array:
    """`values` in a form that sorts: numbers as they are, anything else as text."""
    return values if values.dtype.kind in "biuf" else values.astype(str)
