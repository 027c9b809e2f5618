"""The metric gate on figures logged to MLflow."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.api.gates import Direction, MetricGate
from slipway.api.verdict import Verdict
from slipway.gates.metrics import Datasets, judge_logged

AUC = MetricGate(name="auc")
finite = st.floats(-1e6, 1e6)


def test_a_better_candidate_passes() -> None:
    result = judge_logged(AUC, {"auc": 0.97}, {"auc": 0.95})
    assert (result.name, result.verdict) == ("metrics/auc", Verdict.PASS)
    assert (result.measured, result.threshold) == (0.97, 0.95)


def test_a_worse_candidate_fails_with_both_figures_in_the_sentence() -> None:
    result = judge_logged(AUC, {"auc": 0.93}, {"auc": 0.95})
    assert result.verdict is Verdict.FAIL
    assert result.message == "the candidate's auc is 0.93 and must be at least 0.95 (production has 0.95)"


def test_the_allowed_regression_is_in_the_metrics_own_unit() -> None:
    gate = MetricGate(name="auc", max_regression=0.01)
    assert judge_logged(gate, {"auc": 0.94}, {"auc": 0.95}).verdict is Verdict.PASS
    assert judge_logged(gate, {"auc": 0.9399}, {"auc": 0.95}).verdict is Verdict.FAIL


@pytest.mark.parametrize("name", ["log_loss", "brier", "rmse", "mae"])
def test_an_error_metric_gets_better_downwards(name: str) -> None:
    gate = MetricGate(name=name)
    assert judge_logged(gate, {name: 0.2}, {name: 0.3}).verdict is Verdict.PASS
    assert judge_logged(gate, {name: 0.3}, {name: 0.2}).verdict is Verdict.FAIL


def test_without_production_only_the_floors_count() -> None:
    gate = MetricGate(name="auc", minimum=0.9)
    assert judge_logged(gate, {"auc": 0.91}, None).verdict is Verdict.PASS
    refused = judge_logged(gate, {"auc": 0.89}, None)
    assert (refused.verdict, refused.threshold) == (Verdict.FAIL, 0.9)


def test_a_floor_counts_even_where_production_is_lower() -> None:
    gate = MetricGate(name="auc", minimum=0.9)
    assert judge_logged(gate, {"auc": 0.88}, {"auc": 0.85}).verdict is Verdict.FAIL


def test_a_ceiling_holds_too() -> None:
    assert judge_logged(MetricGate(name="rmse", maximum=2), {"rmse": 2.5}, {"rmse": 3}).verdict is Verdict.FAIL


@pytest.mark.parametrize("bad", [{}, {"auc": math.nan}, {"auc": math.inf}])
@pytest.mark.parametrize("side", ["candidate", "production"])
def test_a_missing_or_unusable_figure_never_passes_and_the_sentence_says_whose(
    bad: dict[str, float], side: str
) -> None:
    figures = {"candidate": {"auc": 0.99}, "production": {"auc": 0.5}, side: bad}
    result = judge_logged(AUC, figures["candidate"], figures["production"])
    assert result.verdict is Verdict.INCONCLUSIVE
    assert f"the {side} version" in result.message


def test_figures_of_different_rows_never_pass_and_the_sentence_names_both() -> None:
    found = judge_logged(AUC, {"auc": 0.97}, {"auc": 0.95}, Datasets("spring 1a", "autumn 2b"))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "measured on dataset spring 1a and production's on autumn 2b" in found.message


@pytest.mark.parametrize("datasets", [Datasets(), Datasets("a 1"), Datasets(None, "a 1"), Datasets("a 1", "a 1")])
def test_figures_that_may_be_of_the_same_rows_are_compared(datasets: Datasets) -> None:
    found = judge_logged(AUC, {"auc": 0.97}, {"auc": 0.95}, datasets)
    assert found.verdict is Verdict.PASS
    assert found.measured_on.get("dataset") == datasets.candidate


def test_a_first_release_has_nothing_to_differ_from() -> None:
    assert judge_logged(AUC, {"auc": 0.97}, None, Datasets("a 1", "b 2")).verdict is Verdict.PASS


def test_an_unknown_metric_needs_a_direction() -> None:
    gate = MetricGate(name="lift")
    assert judge_logged(gate, {"lift": 2}, {"lift": 1}).verdict is Verdict.ERROR
    known = gate.model_copy(update={"direction": Direction.HIGHER_IS_BETTER})
    assert judge_logged(known, {"lift": 2}, {"lift": 1}).verdict is Verdict.PASS


def test_a_stated_direction_wins_over_the_name() -> None:
    gate = MetricGate(name="auc", direction=Direction.LOWER_IS_BETTER)
    assert judge_logged(gate, {"auc": 0.9}, {"auc": 0.8}).verdict is Verdict.FAIL


@given(finite, finite, finite)
def test_a_better_figure_never_turns_a_pass_into_a_failure(figure: float, gain: float, production: float) -> None:
    better = figure + abs(gain)
    if judge_logged(AUC, {"auc": figure}, {"auc": production}).verdict is Verdict.PASS:
        assert judge_logged(AUC, {"auc": better}, {"auc": production}).verdict is Verdict.PASS


@given(finite, finite, st.floats(0, 1e6), st.sampled_from(["auc", "rmse"]))
def test_the_verdict_can_be_checked_by_hand(candidate: float, production: float, allowed: float, name: str) -> None:
    result = judge_logged(MetricGate(name=name, max_regression=allowed), {name: candidate}, {name: production})
    worse = production - candidate if name == "auc" else candidate - production
    if abs(worse - allowed) > 1e-6 * max(1, abs(production), allowed):
        assert (result.verdict is Verdict.PASS) == (worse < allowed)
