"""The metric gate on both sides' answers to the same rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.api.gates.specs import Dataset, MetricGate, MetricMode, MetricSource, Segments
from slipway.api.gates.verdict import Verdict
from slipway.gates.statistics.figures import FIGURES, Unmeasurable, figure, labels
from slipway.gates.statistics.rescored import Rescored, judge

DATA = Dataset(label="target")
STRICT = MetricGate(name="auc", source=MetricSource.RESCORE, dataset=DATA)
STATISTICAL = STRICT.model_copy(update={"mode": MetricMode.STATISTICAL, "margin": 0.02})


def scored(rows: int, noise: float, production_noise: float | None, seed: int = 0) -> Rescored:
    """A two-class dataset; more noise makes a worse model."""
    random = np.random.default_rng(seed)
    right = (random.random(rows) < 0.5).astype(int)
    hard = random.normal(size=rows)

    def answers(level: float) -> np.ndarray:
        return 1 / (1 + np.exp(-(right - 0.5) * 3 + hard + level * random.normal(size=rows)))

    production = None if production_noise is None else answers(production_noise)
    return Rescored(labels(right, None), answers(noise), production)


def test_strict_compares_the_point_estimates() -> None:
    assert judge(STRICT, scored(1000, 0.1, 1.5)).verdict is Verdict.PASS
    worse = judge(STRICT, scored(1000, 1.5, 0.1))
    assert worse.verdict is Verdict.FAIL
    assert worse.measured is not None
    assert worse.threshold is not None
    assert worse.measured < worse.threshold == worse.details["production"]
    assert worse.n == 1000


def test_statistical_passes_a_candidate_that_is_shown_to_be_no_worse() -> None:
    result = judge(STATISTICAL, scored(4000, 0.2, 0.2))
    assert result.verdict is Verdict.PASS
    assert result.bound is not None
    assert result.bound >= result.threshold == -0.02
    assert result.details["gainInterval"][0] == result.bound


def test_statistical_fails_a_candidate_that_is_shown_to_be_worse() -> None:
    assert judge(STATISTICAL, scored(2000, 2.5, 0.1)).verdict is Verdict.FAIL


def test_too_few_rows_to_tell_are_inconclusive() -> None:
    result = judge(STATISTICAL, scored(120, 0.8, 0.8))
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "score more rows" in result.message
    assert judge(STATISTICAL, scored(20, 0.1, 0.1)).verdict is Verdict.INCONCLUSIVE


def test_statistical_works_for_an_error_metric_by_bootstrap() -> None:
    gate = STATISTICAL.model_copy(update={"name": "brier", "margin": 0.01})
    assert judge(gate, scored(1500, 0.2, 0.2)).verdict is Verdict.PASS
    assert judge(gate, scored(1500, 2.5, 0.1)).verdict is Verdict.FAIL


@pytest.mark.parametrize("mode", list(MetricMode))
def test_floors_count_in_both_modes_and_without_production(mode: MetricMode) -> None:
    gate = STRICT.model_copy(update={"mode": mode, "minimum": 0.999})
    assert judge(gate, scored(500, 0.5, 0.5)).verdict is Verdict.FAIL
    assert judge(gate, scored(500, 0.5, None)).verdict is Verdict.FAIL
    assert judge(gate.model_copy(update={"minimum": 0.5}), scored(500, 0.5, None)).verdict is Verdict.PASS


def test_a_segment_below_its_floor_fails_though_the_whole_passes() -> None:
    data = scored(600, 0.2, None)
    women = np.arange(600) < 100
    broken = np.where(women, 1 - data.candidate, data.candidate)
    segments = np.where(women, "f", "m").astype(object)
    gate = STRICT.model_copy(update={"segments": Segments(column="sex", minimum=0.8)})
    result = judge(gate, Rescored(data.truth, broken, None, segments))
    assert result.verdict is Verdict.FAIL
    assert "in segment sex=f auc is" in result.message
    assert [part["verdict"] for part in result.details["segments"]] == ["Fail", "Pass"]


def test_a_segment_too_small_to_judge_is_inconclusive() -> None:
    data = scored(600, 0.2, None)
    segments = np.array(["rare"] * 10 + [None] * 590, dtype=object)
    gate = STRICT.model_copy(update={"segments": Segments(column="kind", minimum=0.5)})
    result = judge(gate, Rescored(data.truth, data.candidate, None, segments))
    assert (result.verdict, "kind=rare has 10 rows" in result.message) == (Verdict.INCONCLUSIVE, True)


def test_the_share_of_changed_decisions_is_reported() -> None:
    right = labels(np.array([0, 1] * 50), None)
    ours, theirs = np.full(100, 0.9), np.array([0.9, 0.1] * 50)
    assert judge(STRICT, Rescored(right, ours, theirs)).details["decisionsChanged"] == 0.5


@pytest.mark.parametrize(
    ("name", "right", "answers", "sentence"),
    [
        ("auc", [1, 1, 1], [0.1, 0.2, 0.3], "two classes are needed"),
        ("auc", [0, 1, 2], [0.1, 0.2, 0.3], "the dataset's label has 3"),
        ("auc", [0, 1, 1], [0, 1, 0], "answers classes, and scores are needed"),
        ("auc", [0, 1, 1], [0.1, float("nan"), 0.2], "not finite"),
        ("auc", [0, 1, 1], ["a", "b", "c"], "a number is needed"),
        ("auc", [0, 1], [0.1], "1 predictions for 2 rows"),
        ("brier", [0, 1, 1], [0.1, 1.4, 0.2], "no probabilities"),
        ("accuracy", ["a", "b", "c"], [0.1, 0.2, 0.3], "neither classes"),
        ("r2", [1.0, 1.0], [1.0, 1.0], "two different right answers"),
    ],
)
def test_a_figure_that_the_rows_cannot_give_is_inconclusive_and_says_why(
    name: str, right: list[object], answers: list[object], sentence: str
) -> None:
    gate = STRICT.model_copy(update={"name": name})
    result = judge(gate, Rescored(labels(np.array(right), None), np.array(answers), None))
    assert result.verdict is Verdict.INCONCLUSIVE
    assert sentence in result.message


def test_unusable_labels_are_refused() -> None:
    for values, sentence in (([], "no rows"), ([1.0, float("nan")], "missing values"), ([1, "a"], "mixes types")):
        with pytest.raises(Unmeasurable, match=sentence):
            labels(np.array(values, dtype=object), None)
    with pytest.raises(Unmeasurable, match="no row has the positive class 'yes'"):
        labels(np.array(["no", "maybe"]), "yes")


def test_the_positive_class_may_be_named() -> None:
    right = np.array(["bad", "good"] * 30)
    answers = np.array([0.9, 0.1] * 30)
    assert figure("auc", labels(right, "bad"), answers) == 1.0
    assert figure("auc", labels(right, None), answers) == 0.0


@pytest.mark.parametrize("name", list(FIGURES))
def test_every_figure_prefers_the_perfect_model(name: str) -> None:
    right = labels(np.array([0.0, 1.0] * 40), None)
    perfect, poor = np.array([0.001, 0.999] * 40), np.array([0.6, 0.4, 0.1, 0.9] * 20)
    gate = STRICT.model_copy(update={"name": name})
    assert judge(gate, Rescored(right, perfect, poor)).verdict is Verdict.PASS
    assert judge(gate, Rescored(right, poor, perfect)).verdict is Verdict.FAIL


@given(st.integers(0, 200), st.floats(0, 0.2), st.floats(0, 0.2))
def test_a_wider_margin_never_turns_a_pass_into_anything_else(seed: int, one: float, two: float) -> None:
    data = scored(200, 0.5, 0.5, seed)
    narrow, wide = (STATISTICAL.model_copy(update={"margin": margin}) for margin in sorted((one, two)))
    if judge(narrow, data).verdict is Verdict.PASS:
        assert judge(wide, data).verdict is Verdict.PASS
