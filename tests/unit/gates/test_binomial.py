"""Exact bounds of a share: they agree with scipy's test, with brute-force enumeration and with published tables."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from slipway.gates.statistics.binomial import lower_bound, upper_bound

trials = st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def tail(events: int, n: int, share: float) -> float:
    """P(at most `events` of `n`), added up term by term."""
    return math.fsum(math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(events + 1))


@given(trials, st.floats(0.5, 0.999))
def test_the_bounds_are_scipys_clopper_pearson(counts: tuple[int, int], confidence: float) -> None:
    events, n = counts
    upper = binomtest(events, n, alternative="less").proportion_ci(confidence, method="exact").high
    lower = binomtest(events, n, alternative="greater").proportion_ci(confidence, method="exact").low
    assert upper_bound(events, n, confidence) == pytest.approx(upper, abs=1e-9)
    assert lower_bound(events, n, confidence) == pytest.approx(lower, abs=1e-9)


@given(st.integers(1, 120).flatmap(lambda n: st.tuples(st.integers(0, n - 1), st.just(n))))
def test_at_the_upper_bound_so_few_events_are_exactly_as_rare_as_stated(counts: tuple[int, int]) -> None:
    events, n = counts
    assert tail(events, n, upper_bound(events, n, 0.95)) == pytest.approx(0.05, abs=1e-9)


@pytest.mark.parametrize(("n", "most"), [(59, 0), (100, 1), (200, 4), (300, 8), (500, 16), (1000, 38)])
def test_the_most_slow_requests_that_show_a_p95(n: int, most: int) -> None:
    assert upper_bound(most, n, 0.95) <= 0.05 < upper_bound(most + 1, n, 0.95)


def test_58_requests_cannot_show_a_p95() -> None:
    assert upper_bound(0, 58, 0.95) > 0.05


@pytest.mark.parametrize(("n", "share"), [(59, 0.051), (300, 0.06), (500, 0.0501)])
def test_the_chance_to_pass_a_slow_model_stays_within_five_percent(n: int, share: float) -> None:
    passing = max(k for k in range(n) if upper_bound(k, n, 0.95) <= 0.05)
    assert tail(passing, n, share) <= 0.05


def test_no_trials_exclude_nothing() -> None:
    assert (lower_bound(0, 0, 0.95), upper_bound(0, 0, 0.95)) == (0.0, 1.0)


@pytest.mark.parametrize(("events", "n", "confidence"), [(-1, 5, 0.9), (6, 5, 0.9), (1, 5, 0.0), (1, 5, 1.0)])
def test_impossible_counts_are_refused(events: int, n: int, confidence: float) -> None:
    for bound in (lower_bound, upper_bound):
        with pytest.raises(ValueError, match="between 0 and"):
            bound(events, n, confidence)
