"""The smoke gate's verdict on what a load saw."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.api.gates.specs import SmokeBatch, SmokeGate
from slipway.api.gates.verdict import Verdict
from slipway.gates.statistics.smoke import Shot, SmokeReport, judge, percentile

GATE = SmokeGate(p95="200ms", requests=500, rate=100)
FAST, SLOW = Shot(0.05), Shot(0.3)


def report(fast: int, slow: int = 0, **more: object) -> SmokeReport:
    return SmokeReport((FAST,) * fast + (SLOW,) * slow, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("slow", "verdict"),
    [(0, Verdict.PASS), (16, Verdict.PASS), (17, Verdict.INCONCLUSIVE), (30, Verdict.INCONCLUSIVE), (60, Verdict.FAIL)],
)
def test_500_requests_are_judged_by_the_exact_bound_of_the_slow_ones(slow: int, verdict: Verdict) -> None:
    assert judge(GATE, report(500 - slow, slow)).verdict is verdict


def test_the_evidence_has_the_sample_p95_and_the_bound() -> None:
    result = judge(GATE, report(484, 16))
    assert (result.measured, result.threshold, result.unit, result.n) == (50, 200, "ms", 500)
    assert result.bound == pytest.approx(0.0482, abs=1e-4)
    assert result.details["slow"] == 16


def test_58_fast_requests_are_not_enough() -> None:
    assert judge(GATE, report(58)).verdict is Verdict.INCONCLUSIVE
    assert judge(GATE, report(59)).verdict is Verdict.PASS


def test_one_wrong_answer_fails_where_none_is_allowed() -> None:
    broken = SmokeReport((FAST,) * 499 + (Shot(0.01, fault="status 500"),))
    result = judge(GATE, broken)
    assert result.verdict is Verdict.FAIL
    assert "1 request of 500 had no valid response" in result.message
    assert result.details["faults"] == {"status 500": 1}


def test_faults_within_the_allowance_count_as_slow() -> None:
    gate = GATE.model_copy(update={"max_error_ratio": 0.05})
    tolerated = judge(gate, SmokeReport((FAST,) * 484 + (Shot(0.001, fault="status 500"),) * 16))
    assert (tolerated.verdict, tolerated.details["slow"]) == (Verdict.PASS, 16)
    too_many = SmokeReport((FAST,) * 480 + (Shot(0.001, fault="status 500"),) * 20)
    assert judge(gate, too_many).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    "shot", [Shot(0.25, lag=0.1), Shot(2.1, lag=0.1, fault="connection broken (OSError)", answered=False)]
)
def test_a_generator_that_fell_behind_blames_itself_not_the_model(shot: Shot) -> None:
    result = judge(GATE, SmokeReport((shot,) * 500))
    assert result.verdict is Verdict.ERROR
    assert "fell behind its schedule" in result.message


@pytest.mark.parametrize(
    "shot",
    [
        Shot(0.45, lag=0.1),
        Shot(0.1, lag=0.1, fault="a prediction is nan"),
        Shot(2.1, lag=0.1, fault="no answer within 2 s", answered=False, given_up=True),
    ],
)
def test_a_model_that_fails_with_all_lateness_forgiven_fails(shot: Shot) -> None:
    assert judge(GATE, SmokeReport((shot,) * 500)).verdict is Verdict.FAIL


def test_a_generator_that_stands_still_while_answers_come_blames_itself() -> None:
    """Throttled to a tenth of each 100 ms: it sends ten requests at once, and reads their answers a turn later."""
    at = [number / 100 for number in range(500)]
    turns = [round(moment // 0.1 * 0.1 + 0.09, 3) for moment in at]
    starved = tuple(Shot(turn + 0.1 - moment, turn - moment, at=moment) for moment, turn in zip(at, turns, strict=True))
    gate = GATE.model_copy(update={"p95": "95ms"})
    assert judge(gate, SmokeReport(starved)).verdict is Verdict.ERROR


def test_only_the_lateness_of_requests_under_way_together_is_forgiven() -> None:
    slow = tuple(Shot(0.26, lag=0.1 if number % 10 == 0 else 0.01, at=number * 0.1) for number in range(500))
    assert judge(GATE, SmokeReport(slow)).verdict is Verdict.FAIL, (
        "each of them but every tenth or so is slow by itself"
    )


def test_a_pass_stands_though_the_generator_was_late_since_lateness_counts_as_latency() -> None:
    assert judge(GATE, SmokeReport((Shot(0.15, lag=0.1),) * 500)).verdict is Verdict.PASS


def test_a_few_late_departures_are_no_concern() -> None:
    assert judge(GATE, SmokeReport((FAST,) * 480 + (Shot(0.06, lag=0.05),) * 20)).verdict is Verdict.PASS


def test_an_unready_candidate_fails_and_an_unreachable_one_is_an_error() -> None:
    assert judge(GATE, SmokeReport((), unhealthy="GET /readyz answered 503, not 200")).verdict is Verdict.FAIL
    refused = SmokeReport((Shot(0.1, fault="no connection"),) * 100, reached=False)
    assert judge(GATE, refused).verdict is Verdict.ERROR


def test_no_requests_never_pass() -> None:
    assert judge(GATE, SmokeReport(())).verdict is Verdict.ERROR


def test_the_warm_up_is_counted_apart() -> None:
    result = judge(GATE, report(500, warm_up=(SLOW, Shot(1.0, fault="status 500"))))
    assert result.verdict is Verdict.PASS
    assert result.details["warmUp"] == {"requests": 2, "errors": 1}


BATCHES = GATE.model_copy(update={"batch": SmokeBatch(rows=32, p95="500ms")})


def test_batches_are_judged_by_their_own_budget_and_the_worse_verdict_counts() -> None:
    good = judge(BATCHES, report(500, batch=(Shot(0.4),) * 100))
    assert (good.verdict, good.measured, good.details["batch"]["p95Ms"]) == (Verdict.PASS, 50, 400)
    slow = judge(BATCHES, report(500, batch=(Shot(0.6),) * 100))
    assert slow.verdict is Verdict.FAIL
    assert slow.message.startswith("batches of 32 rows: p95 is 600.0 ms")
    assert judge(BATCHES, report(400, 100, batch=(Shot(0.4),) * 100)).verdict is Verdict.FAIL


def test_batches_that_were_asked_for_and_never_sent_never_pass() -> None:
    assert judge(BATCHES, report(500)).verdict is Verdict.ERROR


@pytest.mark.parametrize(("n", "p95"), [(1, 1), (20, 19), (100, 95), (59, 57)])
def test_a_percentile_is_the_smallest_value_that_covers_the_share(n: int, p95: int) -> None:
    assert percentile([float(v) for v in range(n, 0, -1)], 0.95) == p95


shots = st.lists(
    st.builds(Shot, st.floats(0, 1), st.floats(0, 0.05), st.none() | st.just("status 500")), max_size=120
).map(tuple)
RANK = {Verdict.FAIL: 0, Verdict.ERROR: 1, Verdict.INCONCLUSIVE: 1, Verdict.PASS: 2}


@given(shots, st.randoms(use_true_random=False), st.sampled_from([0.0, 0.1, 1.0]))
def test_the_order_of_requests_does_not_matter(seen: tuple[Shot, ...], random: object, allowed: float) -> None:
    gate = GATE.model_copy(update={"max_error_ratio": allowed})
    mixed = list(seen)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    one, other = judge(gate, SmokeReport(seen)), judge(gate, SmokeReport(tuple(mixed)))
    assert (one.verdict, one.measured, one.bound) == (other.verdict, other.measured, other.bound)


def test_nor_does_it_among_requests_that_fell_due_at_the_same_moment() -> None:
    gate = GATE.model_copy(update={"max_error_ratio": 0.0})
    late = (*(Shot(0.0),) * 3, Shot(1.0, lag=0.03125), Shot(0.25, lag=0.03125))
    assert judge(gate, SmokeReport(late)).verdict is judge(gate, SmokeReport(late[::-1])).verdict


@given(shots.filter(bool), st.data())
def test_a_faster_or_mended_answer_never_makes_the_verdict_worse(seen: tuple[Shot, ...], data: st.DataObject) -> None:
    gate = GATE.model_copy(update={"max_error_ratio": 0.2})
    at = data.draw(st.integers(0, len(seen) - 1))
    better = (*seen[:at], Shot(seen[at].latency / 2, seen[at].lag), *seen[at + 1 :])
    before, after = judge(gate, SmokeReport(seen)).verdict, judge(gate, SmokeReport(better)).verdict
    assert RANK[after] >= RANK[before]


@given(shots)
def test_fewer_than_59_requests_never_pass(seen: tuple[Shot, ...]) -> None:
    if len(seen) < 59:
        assert judge(GATE, SmokeReport(seen)).verdict is not Verdict.PASS
