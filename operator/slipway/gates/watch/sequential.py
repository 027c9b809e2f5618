"""A test of a share that is valid at every look: the mixture likelihood ratio of a binomial share.

Pure arithmetic without numpy: the operator runs it at every look.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import ceil, exp, inf, log

MULTIPLES = (1.5, 2.0, 3.0, 5.0, 8.0)
"""How many times the allowed share the worse shares are that the test looks for; each has the same weight."""
_CERTAIN = 0.95
_SMALL = 0.005
"""Below this share only the expected number of bad events matters (Poisson), so figures are scaled from here."""


def log_mean_exp(values: Sequence[float]) -> float:
    """log of the mean of exp(values), without overflow. Raises ValueError where there are none."""
    top = max(values)
    return top + log(sum(exp(value - top) for value in values) / len(values))


def log_e(bad: int, total: int, allowed: float) -> float:
    """Log of the mixture e-value of seeing `bad` of `total` events where a share `allowed` is fine.

    Raises ValueError for counts that no sequence of events can give.
    """
    if not 0 <= bad <= total:
        raise ValueError(f"{bad} bad of {total} events")
    if allowed <= 0:
        return inf if bad else 0.0
    rates = [allowed * factor for factor in MULTIPLES if allowed * factor < _CERTAIN]
    if not rates:
        return 0.0
    return log_mean_exp([bad * log(r / allowed) + (total - bad) * log((1 - r) / (1 - allowed)) for r in rates])


@lru_cache(maxsize=256)
def median_to_detect(allowed: float, multiple: float, log_threshold: float, least: int) -> int | None:
    """Requests after which half of the revisions with `multiple` times the `allowed` share have reached the threshold.

    At least `least`. None where the test cannot find such a share. Exact for a look at every request; a reading every
    second or two adds what arrives in between.
    """
    if allowed <= 0:
        return least
    if allowed * multiple >= _CERTAIN:
        return None
    if allowed < _SMALL:
        scaled = median_to_detect(_SMALL, multiple, log_threshold, 1)
        return None if scaled is None else max(least, ceil(scaled * _SMALL / allowed))
    return _median(allowed, allowed * multiple, log_threshold, least)


def _median(allowed: float, true: float, log_threshold: float, least: int) -> int:
    """Walks the distribution of the bad events among those that have not reached the threshold yet."""
    alive, total, limit = [1.0], 0, 1
    while sum(alive) > 0.5:
        total += 1
        grown = [0.0] * (len(alive) + 1)
        for bad, share in enumerate(alive):
            grown[bad] += share * (1 - true)
            grown[bad + 1] += share * true
        while limit <= total and log_e(limit, total, allowed) < log_threshold:
            limit += 1
        alive = grown[:limit] if total >= least else grown
    return total
