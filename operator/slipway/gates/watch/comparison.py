"""Whether the candidate is worse than production, by its share of the bad events against its share of the requests.

Beside production (a canary). If both are equally good, the candidate's share of an interval's bad events is its share
of that interval's requests, w. Against being k times as bad, the likelihood ratio of an interval with B bad events, s
of them the candidate's, is k^s / (1 + (k-1) w)^B. Given the requests of both sides, s is hypergeometric, which
Hoeffding (1963, theorem 4) shows to be no more spread in convex order than the binomial for which the ratio's mean is
1: the product over intervals is an e-process for every k, and so is the mean over several k. With X = sum of B w,
what the candidate's share would be, concavity of the logarithm makes k^s / (1 + (k-1) X/B)^B no more than the
product: three sums are all that has to be kept.

After production (the flip is done). The bar is what production may have done at worst: the upper Chernoff bound of its
share of bad events before the flip; the candidate is worse if `sequential.log_e` shows it to be over that bar.
"""

from __future__ import annotations

from math import log, log1p

from slipway.api.revision import Beside, Counted
from slipway.gates.watch.sequential import MULTIPLES, log_e, log_mean_exp

_LOG_BOUND = log(40)
_STEPS = 50


def log_e_worse(key: str, candidate: Counted, production: Counted) -> float:
    """Log of the e-value for `candidate` being worse than `production` in its `key`: slow or errors."""
    ours, theirs = int(getattr(candidate, key)), int(getattr(production, key))
    if isinstance(production, Beside):
        expected = production.expected_slow if key == "slow" else production.expected_errors
        return log_e_share(ours, ours + theirs, expected)
    return log_e(ours, candidate.out_of(key), upper_bound(theirs, production.out_of(key)))


def log_e_share(ours: int, bad: int, expected: float) -> float:
    """Log of the e-value of `ours` of `bad` events being the candidate's where `expected` would be by its share.

    Raises ValueError for counts that cannot be.
    """
    if not 0 <= ours <= bad:
        raise ValueError(f"{ours} of {bad} bad events")
    if bad == 0:
        return 0.0
    share = min(1.0, max(0.0, expected / bad))
    return log_mean_exp([ours * log(k) - bad * log1p((k - 1) * share) for k in MULTIPLES])


def upper_bound(bad: int, total: int) -> float:
    """The share that `bad` of `total` excludes from above with a confidence of 97.5 % (Chernoff); 1 for no events.

    Raises ValueError for counts that cannot be.
    """
    if not 0 <= bad <= total:
        raise ValueError(f"{bad} bad of {total} events")
    if bad == total:
        return 1.0
    low, high, seen = bad / total, 1.0, bad / total
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if total * _divergence(seen, middle) > _LOG_BOUND else (middle, high)
    return high


def _divergence(seen: float, true: float) -> float:
    """Kullback-Leibler divergence of two Bernoulli distributions, `true` strictly between 0 and 1."""
    hit = seen * log(seen / true) if seen > 0 else 0.0
    return hit + (1 - seen) * log((1 - seen) / (1 - true))
