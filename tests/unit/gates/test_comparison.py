"""Comparing two models on the same rows: DeLong and the bootstrap against brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from slipway.gates.statistics import bootstrap, delong
from slipway.gates.statistics.figures import Unmeasurable, labels


def draw(rows: int, shift: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Right answers (30 % positive) and two correlated scores; the second is `shift` worse at telling classes apart."""
    random = np.random.default_rng(seed)
    positive = random.random(rows) < 0.3
    shared = random.normal(size=rows)
    one, two = (shared * 0.9 + random.normal(size=rows) * 0.45 + positive * gap for gap in (1.2, 1.2 - shift))
    return positive, one, two


@given(st.integers(0, 10_000), st.integers(1, 12))
def test_the_difference_is_that_of_scikit_learns_auc_ties_included(seed: int, levels: int) -> None:
    positive, one, two = draw(200, 0.3, seed)
    one, two = np.round(one * levels), np.round(two * levels)
    seen = delong.compare(positive, one, two, 0.95)
    assert seen.difference == pytest.approx(roc_auc_score(positive, one) - roc_auc_score(positive, two), abs=1e-12)


def test_the_standard_error_is_the_spread_over_many_samples() -> None:
    samples = [delong.compare(*draw(400, 0.3, seed), 0.95) for seed in range(600)]
    spread = np.std([sample.difference for sample in samples], ddof=1)
    assert np.mean([sample.standard_error for sample in samples]) == pytest.approx(spread, rel=0.08)


def test_it_agrees_with_the_bootstrap() -> None:
    positive, one, two = draw(400, 0.3, 1)
    truth = labels(positive.astype(int), None)
    ours, theirs = delong.compare(positive, one, two, 0.95), bootstrap.compare("auc", truth, one, two, 0.95)
    assert ours.difference == pytest.approx(theirs.difference)
    assert ours.standard_error == pytest.approx(theirs.standard_error, rel=0.1)
    assert (ours.lower, ours.upper) == pytest.approx((theirs.lower, theirs.upper), abs=0.003)


def test_at_the_margin_itself_it_passes_about_one_time_in_twenty() -> None:
    margin = np.mean([delong.compare(*draw(4000, 0.3, seed), 0.95).difference for seed in range(1000, 1060)])
    lowers = [
        delong.compare(positive, two, one, 0.95).lower for positive, one, two in (draw(400, 0.3, s) for s in range(800))
    ]
    assert 0.03 <= np.mean(np.array(lowers) > -margin) <= 0.075


def test_identical_scores_differ_by_nothing_for_certain() -> None:
    positive, one, _ = draw(200, 0.0, 3)
    seen = delong.compare(positive, one, one, 0.95)
    assert (seen.difference, seen.lower, seen.upper) == (0, 0, 0)


@given(st.integers(0, 1000), st.floats(0.5, 0.99), st.floats(0.5, 0.99))
def test_more_confidence_never_gives_a_narrower_interval(seed: int, one: float, two: float) -> None:
    data = draw(200, 0.2, seed)
    wide, narrow = delong.compare(*data, max(one, two)), delong.compare(*data, min(one, two))
    assert wide.lower <= narrow.lower + 1e-12
    assert wide.upper >= narrow.upper - 1e-12


@given(st.integers(0, 1000), st.permutations(range(200)))
def test_the_order_of_rows_does_not_matter_to_delong(seed: int, order: list[int]) -> None:
    positive, one, two = draw(200, 0.3, seed)
    first = delong.compare(positive, one, two, 0.95)
    second = delong.compare(positive[order], one[order], two[order], 0.95)
    assert (first.lower, first.upper) == pytest.approx((second.lower, second.upper), abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_does_not_matter_to_the_bootstrap(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "RESAMPLES", 100)
    right, one, two = draw(120, 0.3, seed)
    order = np.random.default_rng(seed).permutation(120)
    first = bootstrap.compare("mae", labels(right.astype(float), None), one, two, 0.9)
    second = bootstrap.compare("mae", labels(right[order].astype(float), None), one[order], two[order], 0.9)
    assert (first.lower, first.upper) == pytest.approx((second.lower, second.upper), abs=1e-12)


def test_too_few_rows_are_refused() -> None:
    positive = np.array([True] * 19 + [False] * 100)
    with pytest.raises(Unmeasurable, match="only 19 rows of the rarer class"):
        delong.compare(positive, np.arange(119.0), np.arange(119.0), 0.95)
    with pytest.raises(Unmeasurable, match="only 49 rows"):
        bootstrap.compare("rmse", labels(np.arange(49.0), None), np.zeros(49), np.ones(49), 0.95)


def test_the_bootstrap_of_a_regression_finds_the_analytic_standard_error() -> None:
    random = np.random.default_rng(7)
    right = random.normal(size=2000)
    one, two = right + random.normal(size=2000), right + random.normal(size=2000) * 1.2
    seen = bootstrap.compare("mae", labels(right, None), one, two, 0.95)
    analytic = np.std(np.abs(one - right) - np.abs(two - right), ddof=1) / np.sqrt(2000)
    assert seen.standard_error == pytest.approx(analytic, rel=0.06)
