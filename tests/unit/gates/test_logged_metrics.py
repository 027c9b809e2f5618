"""The metric gate on figures logged to MLflow."""

import math
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.api.gates.specs import Direction, MetricGate
from slipway.api.gates.verdict import Verdict
from slipway.gates.inline.logged import Figure, Logged
from slipway.gates.inline.metrics import judge_logged
from slipway.words.canonical import digest_of

AUC = MetricGate(name="auc")
finite = st.floats(-1e6, 1e6)


def figures(values: Mapping[str, float]) -> Logged:
    """What a version has that was logged without datasets."""
    return Logged({name: (Figure(value),) for name, value in values.items()})


def on(*figures: Figure) -> Logged:
    """What a version has of auc."""
    return Logged({"auc": figures})


def test_a_better_candidate_passes() -> None:
    result = judge_logged(AUC, figures({"auc": 0.97}), figures({"auc": 0.95}))
    assert (result.name, result.verdict) == ("metrics/auc", Verdict.PASS)
    assert (result.measured, result.threshold) == (0.97, 0.95)


def test_a_worse_candidate_fails_with_both_figures_in_the_sentence() -> None:
    result = judge_logged(AUC, figures({"auc": 0.93}), figures({"auc": 0.95}))
    assert result.verdict is Verdict.FAIL
    assert result.message == "the candidate's auc is 0.93 and must be at least 0.95 (production has 0.95)"


def test_the_allowed_regression_is_in_the_metrics_own_unit() -> None:
    gate = MetricGate(name="auc", max_regression=0.01)
    assert judge_logged(gate, figures({"auc": 0.94}), figures({"auc": 0.95})).verdict is Verdict.PASS
    assert judge_logged(gate, figures({"auc": 0.9399}), figures({"auc": 0.95})).verdict is Verdict.FAIL


@pytest.mark.parametrize("name", ["log_loss", "brier", "rmse", "mae"])
def test_an_error_metric_gets_better_downwards(name: str) -> None:
    gate = MetricGate(name=name)
    assert judge_logged(gate, figures({name: 0.2}), figures({name: 0.3})).verdict is Verdict.PASS
    assert judge_logged(gate, figures({name: 0.3}), figures({name: 0.2})).verdict is Verdict.FAIL


def test_without_production_only_the_floors_count() -> None:
    gate = MetricGate(name="auc", minimum=0.9)
    assert judge_logged(gate, figures({"auc": 0.91}), None).verdict is Verdict.PASS
    refused = judge_logged(gate, figures({"auc": 0.89}), None)
    assert (refused.verdict, refused.threshold) == (Verdict.FAIL, 0.9)


def test_a_floor_counts_even_where_production_is_lower() -> None:
    gate = MetricGate(name="auc", minimum=0.9)
    assert judge_logged(gate, figures({"auc": 0.88}), figures({"auc": 0.85})).verdict is Verdict.FAIL


def test_a_ceiling_holds_too() -> None:
    assert (
        judge_logged(MetricGate(name="rmse", maximum=2), figures({"rmse": 2.5}), figures({"rmse": 3})).verdict
        is Verdict.FAIL
    )


@pytest.mark.parametrize("bad", [Logged(), Logged(problem="is not known"), on(Figure(reason="is NaN in run r"))])
@pytest.mark.parametrize("side", ["candidate", "production"])
def test_a_figure_that_does_not_count_never_passes_and_the_sentence_says_whose(bad: Logged, side: str) -> None:
    sides = {"candidate": figures({"auc": 0.99}), "production": figures({"auc": 0.5}), side: bad}
    result = judge_logged(AUC, sides["candidate"], sides["production"])
    assert result.verdict is Verdict.INCONCLUSIVE
    assert f"the {side} version's auc is n" in result.message.lower()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None])
def test_no_magic_number_stands_for_no_figure(value: float | None) -> None:
    with pytest.raises(ValueError, match="either finite or has a reason"):
        Figure(value)
    with pytest.raises(ValueError, match="either finite or has a reason"):
        Figure(0.5, reason="is NaN")


def test_figures_of_different_rows_never_pass_and_the_sentence_names_both() -> None:
    found = judge_logged(AUC, on(Figure(0.97, None, "spring", "1a")), on(Figure(0.95, None, "autumn", "2b")))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "measured on dataset spring 1a and production's on autumn 2b" in found.message


@pytest.mark.parametrize(("ours", "theirs"), [(None, None), ("a", None), (None, "a"), ("a", "a")])
def test_figures_that_may_be_of_the_same_rows_are_compared(ours: str | None, theirs: str | None) -> None:
    found = judge_logged(AUC, on(Figure(0.97, None, ours, ours)), on(Figure(0.95, None, theirs, theirs)))
    assert found.verdict is Verdict.PASS
    assert found.measured_on.get("dataset") == (f"{ours} {ours}" if ours else None)


def test_a_first_release_has_nothing_to_differ_from() -> None:
    assert judge_logged(AUC, on(Figure(0.97, None, "a", "1")), None).verdict is Verdict.PASS


TRAIN, HOLDOUT = Figure(0.99, None, "train", "1"), Figure(0.81, None, "holdout", "2")


def test_a_metric_on_several_datasets_never_passes_until_the_gate_names_one() -> None:
    found = judge_logged(AUC, on(TRAIN, HOLDOUT), None)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "is logged on datasets holdout@2, train@1; name one dataset in the gate's loggedOn" in found.message
    assert "on dataset train@1 and without a dataset" in judge_logged(AUC, on(TRAIN, Figure(0.8)), None).message


def test_datasets_of_one_name_are_told_apart_by_their_digests() -> None:
    train, holdout = Figure(0.99, None, "dataset", "9f8e"), Figure(0.81, None, "dataset", "1a2b")
    for name in (None, "dataset"):
        found = judge_logged(MetricGate(name="auc", logged_on=name), on(train, holdout), None)
        assert found.verdict is Verdict.INCONCLUSIVE
        assert "on datasets dataset@1a2b, dataset@9f8e; name one" in found.message
    named = judge_logged(MetricGate(name="auc", logged_on="dataset@1a2b"), on(train, holdout), None)
    assert named.measured == 0.81


def test_a_long_name_hides_no_digest() -> None:
    ours, theirs = (Figure(0.9, None, "d" * 300, digest) for digest in ("1", "2"))
    assert judge_logged(AUC, on(ours), on(theirs)).verdict is Verdict.INCONCLUSIVE
    assert ours.rows != theirs.rows


def test_the_dataset_that_the_gate_names_counts_on_both_sides() -> None:
    gate = MetricGate(name="auc", logged_on="holdout")
    better = Figure(0.85, None, "holdout", "2")
    found = judge_logged(gate, on(TRAIN, better), on(HOLDOUT, TRAIN))
    assert (found.verdict, found.measured, found.threshold) == (Verdict.PASS, 0.85, 0.81)
    missing = judge_logged(gate, on(TRAIN, better), on(TRAIN))
    assert missing.verdict is Verdict.INCONCLUSIVE
    assert "the production version's auc is not logged on dataset holdout, but on dataset train@1" in missing.message


def test_a_gate_that_names_no_dataset_has_the_policy_hash_that_it_had_before_there_were_any() -> None:
    """An operator's upgrade must begin no attempt anew."""
    gate = MetricGate(name="auc", max_regression=0.01, minimum=0.9)
    assert digest_of([gate.wire()]) == "e9d75fdaa3e8"
    assert "loggedOn" not in gate.wire()


def test_an_unknown_metric_needs_a_direction() -> None:
    gate = MetricGate(name="lift")
    assert judge_logged(gate, figures({"lift": 2}), figures({"lift": 1})).verdict is Verdict.ERROR
    known = gate.model_copy(update={"direction": Direction.HIGHER_IS_BETTER})
    assert judge_logged(known, figures({"lift": 2}), figures({"lift": 1})).verdict is Verdict.PASS


def test_a_stated_direction_wins_over_the_name() -> None:
    gate = MetricGate(name="auc", direction=Direction.LOWER_IS_BETTER)
    assert judge_logged(gate, figures({"auc": 0.9}), figures({"auc": 0.8})).verdict is Verdict.FAIL


@given(finite, finite, finite)
def test_a_better_figure_never_turns_a_pass_into_a_failure(figure: float, gain: float, production: float) -> None:
    better = figure + abs(gain)
    if judge_logged(AUC, figures({"auc": figure}), figures({"auc": production})).verdict is Verdict.PASS:
        assert judge_logged(AUC, figures({"auc": better}), figures({"auc": production})).verdict is Verdict.PASS


@given(finite, finite, st.floats(0, 1e6), st.sampled_from(["auc", "rmse"]))
def test_the_verdict_can_be_checked_by_hand(candidate: float, production: float, allowed: float, name: str) -> None:
    result = judge_logged(
        MetricGate(name=name, max_regression=allowed), figures({name: candidate}), figures({name: production})
    )
    worse = production - candidate if name == "auc" else candidate - production
    if abs(worse - allowed) > 1e-6 * max(1, abs(production), allowed):
        assert (result.verdict is Verdict.PASS) == (worse < allowed)
