"""The difference of two areas under the ROC curve on the same rows. For gate Jobs.

DeLong, DeLong and Clarke-Pearson: Comparing the Areas under Two or More Correlated Receiver Operating Characteristic
Curves, Biometrics 44 (1988), pp. 837-845; placements from midranks after Sun and Xu, IEEE Signal Processing Letters 21
(2014), pp. 1389-1393.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from slipway.gates.statistics.figures import Floats, Unmeasurable

MIN_PER_CLASS = 20
"""Below this the normal approximation of the difference is not to be trusted."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The difference of two figures on the same rows, with a two-sided interval: both bounds hold one-sided alone."""

    difference: float
    """Candidate minus production."""
    lower: float
    upper: float
    standard_error: float
    method: str


def compare(positive: NDArray[np.bool_], candidate: Floats, production: Floats, confidence: float) -> Comparison:
    """The paired difference in AUC; `positive` and both scores have shape (n,).

    Each bound is one-sided at `confidence` (0.5 to 1). Raises Unmeasurable with fewer than 20 rows of either class.
    """
    fewest = min(int(positive.sum()), int((~positive).sum()))
    if fewest < MIN_PER_CLASS:
        raise Unmeasurable(f"only {fewest} rows of the rarer class; DeLong's test needs {MIN_PER_CLASS}")
    ours, theirs = _placements(positive, candidate), _placements(positive, production)
    difference = float(ours[0].mean() - theirs[0].mean())
    error = float(np.sqrt(sum(np.var(a - b, ddof=1) / len(a) for a, b in zip(ours, theirs, strict=True))))
    reach = float(norm.ppf(confidence)) * error
    method = "paired DeLong test of the AUC"
    return Comparison(difference, difference - reach, difference + reach, error, method)


def _placements(positive: NDArray[np.bool_], scores: Floats) -> tuple[Floats, Floats]:
    """For each positive the share of negatives below it, for each negative the share of positives above it.

    Ties count half. The mean of either is the AUC.
    """
    above, below = scores[positive], scores[~positive]
    ranks = rankdata(np.concatenate([above, below]))
    of_positives = (ranks[: len(above)] - rankdata(above)) / len(below)
    of_negatives = 1 - (ranks[len(above) :] - rankdata(below)) / len(above)
    return of_positives, of_negatives
