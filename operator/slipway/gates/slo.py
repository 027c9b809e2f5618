"""Whether a revision breaches its SLO, judged on raw counters by a test that is valid at every look.

The hypothesis is that bad events are no more frequent than the objective allows. The likelihood ratio against a mixture
of worse rates is an e-process under it, so by Ville's inequality the chance that it ever reaches 1/alpha is at most
alpha, however often one looks (Ville 1939; Ramdas et al. 2023, "Game-theoretic statistics and safe anytime-valid
inference").
"""

from __future__ import annotations

from math import exp, log

from slipway.api.base import seconds
from slipway.api.policy import SLO
from slipway.api.revision import Watched

ALPHA = 0.05
MIN_REQUESTS = 30
"""Fewer requests never decide: bursts are correlated, and the test assumes that they are not."""
SLOW_RATIO = 0.05
"""A 95th percentile over the objective means that more than this share is slower than it."""
_ALTERNATIVES = (1.5, 2.0, 3.0, 5.0, 8.0)
_CERTAIN = 0.95


def log_e(bad: int, total: int, allowed: float) -> float:
    """Log of the mixture e-value of seeing `bad` of `total` events where a share `allowed` is fine.

    Raises ValueError for counts that no sequence of events can give.
    """
    if not 0 <= bad <= total:
        raise ValueError(f"{bad} bad of {total} events")
    if allowed <= 0:
        return float("inf") if bad else 0.0
    rates = [allowed * factor for factor in _ALTERNATIVES if allowed * factor < _CERTAIN]
    if not rates:
        return 0.0
    ratios = [bad * log(r / allowed) + (total - bad) * log((1 - r) / (1 - allowed)) for r in rates]
    top = max(ratios)
    return top + log(sum(exp(ratio - top) for ratio in ratios) / len(ratios))


def breach(objective: SLO, seen: Watched) -> str | None:
    """The breach in one sentence; None while the counters do not show one."""
    if seen.requests < MIN_REQUESTS:
        return None
    latency = f"slower than {seconds(objective.latency.p95) * 1000:g} ms"
    for what, bad, allowed in (
        ("answered with a 5xx status", seen.errors, objective.errors.ratio),
        (latency, seen.slow, SLOW_RATIO),
    ):
        if log_e(bad, seen.requests, allowed) >= log(1 / ALPHA):
            return f"{bad} of {seen.requests} requests were {what}; {allowed:.1%} may be"
    return None
