"""Exact confidence bounds of a share, after Clopper and Pearson (Biometrika 26, 1934, pp. 404-413).

For gate Jobs: needs scipy, which the operator's image does not have. The quantiles of the beta distribution are the
inverse of the regularized incomplete beta function; scipy.stats has them too, and takes a second to import.
"""

from __future__ import annotations

from scipy.special import betaincinv


def upper_bound(events: int, n: int, confidence: float) -> float:
    """The share that `events` of `n` independent trials excludes from above, one-sided, at `confidence` (0 to 1).

    A true share above the bound would give so few events with a probability of at most 1 - confidence. 1.0 for n = 0:
    no trial excludes nothing. Raises ValueError unless 0 ≤ events ≤ n and 0 < confidence < 1.
    """
    _check(events, n, confidence)
    return 1.0 if events == n else float(betaincinv(events + 1, n - events, confidence))


def lower_bound(events: int, n: int, confidence: float) -> float:
    """The share that `events` of `n` excludes from below, one-sided, at `confidence`; 0.0 for no events.

    Raises ValueError as `upper_bound` does.
    """
    _check(events, n, confidence)
    return 0.0 if events == 0 else float(betaincinv(events, n - events + 1, 1 - confidence))


def _check(events: int, n: int, confidence: float) -> None:
    if not 0 <= events <= n:
        raise ValueError(f"{events} events in {n} trials: events must lie between 0 and the number of trials")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence} must lie between 0 and 1, both excluded")
