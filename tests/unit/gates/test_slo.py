"""The SLO judgement: rarely cries wolf however often one looks, and tells a bad candidate from a bad day."""

from __future__ import annotations

import random
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.api.policy import SLO, ErrorObjective, LatencyObjective
from slipway.api.revision import Beside, Counted
from slipway.gates.watch.comparison import log_e_share, log_e_worse, upper_bound
from slipway.gates.watch.sequential import log_e, median_to_detect
from slipway.gates.watch.slo import ALPHA, LOG_THRESHOLD, MIN_REQUESTS, SloState, judge

REQUESTS, RUNS, SEED = 1500, 300, 7
LOOK = 5
counts = st.integers(0, 500)


def alarms(true_rate: float, allowed: float) -> float:
    """Share of runs that ever cross the threshold when looked at again and again."""
    rng = random.Random(SEED)
    crossed = 0
    for _ in range(RUNS):
        bad = 0
        for n in range(1, REQUESTS + 1):
            bad += rng.random() < true_rate
            if n >= MIN_REQUESTS and n % LOOK == 0 and log_e(bad, n, allowed) >= LOG_THRESHOLD:
                crossed += 1
                break
    return crossed / RUNS


def side_by_side(rng: random.Random, ours: float, theirs: float, weight: float) -> float:
    """The largest evidence ever seen, looking every 20 requests, that the candidate is worse."""
    candidate, production, expected, most = [0, 0], [0, 0], 0.0, 0.0
    for _ in range(100):
        seen = [[0, 0], [0, 0]]
        for _ in range(20):
            mine = rng.random() < weight
            side = seen[0] if mine else seen[1]
            side[0] += 1
            side[1] += rng.random() < (ours if mine else theirs)
        bad = seen[0][1] + seen[1][1]
        expected += bad * seen[0][0] / 20
        for total, new in ((candidate, seen[0]), (production, seen[1])):
            total[0] += new[0]
            total[1] += new[1]
        most = max(most, log_e_share(candidate[1], candidate[1] + production[1], expected))
    return most


def test_a_revision_exactly_at_its_objective_is_rarely_taken_back() -> None:
    assert alarms(0.05, 0.05) <= ALPHA / 2


def test_a_revision_that_is_three_times_too_slow_is_nearly_always_found() -> None:
    assert alarms(0.15, 0.05) >= 0.99


def test_an_equally_good_candidate_is_rarely_called_worse_and_a_bad_one_nearly_always() -> None:
    rng = random.Random(SEED)
    same = [side_by_side(rng, 0.06, 0.06, 0.2) >= LOG_THRESHOLD for _ in range(200)]
    worse = [side_by_side(rng, 0.30, 0.06, 0.2) >= LOG_THRESHOLD for _ in range(50)]
    assert sum(same) / len(same) <= ALPHA / 2
    assert sum(worse) / len(worse) >= 0.98


@given(counts, counts, st.floats(0.001, 0.5))
def test_more_bad_events_never_weaken_the_evidence(bad: int, good: int, allowed: float) -> None:
    assert log_e(bad + 1, bad + good + 1, allowed) >= log_e(bad, bad + good + 1, allowed) - 1e-9


@given(counts, counts, st.floats(0, 1))
def test_the_more_of_the_bad_events_are_the_candidates_the_stronger_the_evidence(
    ours: int, theirs: int, share: float
) -> None:
    bad = ours + theirs + 1
    assert log_e_share(ours + 1, bad, share * bad) >= log_e_share(ours, bad, share * bad)


@given(st.lists(st.tuples(st.integers(1, 20), st.floats(0.01, 0.99)), min_size=1, max_size=20), st.data())
def test_one_interval_for_all_never_claims_more_than_interval_by_interval(
    intervals: list[tuple[int, float]], data: st.DataObject
) -> None:
    ours = [data.draw(st.integers(0, bad)) for bad, _ in intervals]
    expected = sum(bad * share for bad, share in intervals)
    together = log_e_share(sum(ours), sum(bad for bad, _ in intervals), expected)
    best = max(
        sum(log_e_share_of(mine, bad, share, k) for mine, (bad, share) in zip(ours, intervals, strict=True))
        for k in (1.5, 2.0, 3.0, 5.0, 8.0)
    )
    assert together <= best + 1e-9


def log_e_share_of(ours: int, bad: int, share: float, k: float) -> float:
    """The likelihood ratio of one interval against one alternative."""
    return ours * log(k) - bad * log(1 + (k - 1) * share)


@given(st.integers(0, 300), st.integers(0, 300))
def test_the_bound_lies_above_what_was_seen_and_below_certainty(bad: int, good: int) -> None:
    if bad + good:
        assert bad / (bad + good) <= upper_bound(bad, bad + good) <= 1.0


@given(counts, counts, counts, counts, counts, counts)
def test_any_counts_are_judged_and_only_a_breach_blames_the_candidate(
    requests: int, slow: int, errors: int, others: int, their_slow: int, their_errors: int
) -> None:
    timed, their_timed = requests - requests // 3, others - others // 4
    candidate = Counted(requests=requests, slow=min(slow, timed), errors=min(errors, requests), timed=timed)
    production = Counted(
        requests=others, slow=min(their_slow, their_timed), errors=min(their_errors, others), timed=their_timed
    )
    alone, compared = judge(SLO(), candidate), judge(SLO(), candidate, production)
    assert (alone.state is SloState.NO_DATA) == (requests == 0)
    if alone.state is not SloState.BREACH:
        assert compared.state is alone.state
    else:
        assert compared.state in (SloState.BREACH, SloState.EVERYTHING_BAD)
    assert all(figure == figure and abs(figure) <= 1e9 for figure in compared.figures.values())


def test_impossible_counts_are_a_bug_and_not_a_verdict() -> None:
    with pytest.raises(ValueError, match="5 bad of 3"):
        log_e(5, 3, 0.05)
    with pytest.raises(ValueError, match="5 of 3"):
        log_e_share(5, 3, 1.0)


def test_too_few_requests_never_decide_and_none_are_no_pass() -> None:
    few = judge(SLO(), Counted(requests=MIN_REQUESTS - 1, errors=MIN_REQUESTS - 1))
    assert few.state is SloState.HEALTHY
    assert few.message.endswith("at least 30 are needed to decide")
    assert judge(SLO(), Counted()).state is SloState.NO_DATA


def test_a_breach_is_told_in_words_and_figures() -> None:
    said = judge(SLO(errors=ErrorObjective(ratio=0.01)), Counted(requests=100, errors=20))
    assert said.state is SloState.BREACH
    assert said.message == "20 of 100 requests were answered with a 5xx status; limit 1.0%"
    assert said.figures["eErrors"] > said.figures["threshold"] == 40
    assert said.figures["medianToDetectErrors"] == 294


def test_where_no_error_is_allowed_one_is_enough() -> None:
    assert judge(SLO(errors=ErrorObjective(ratio=0)), Counted(requests=50, errors=1)).state is SloState.BREACH


@pytest.mark.parametrize(
    ("production", "state"),
    [
        (None, SloState.BREACH),
        (Beside(requests=900, slow=27, expected_slow=5.7), SloState.BREACH),
        (Beside(requests=900, slow=270, expected_slow=30), SloState.EVERYTHING_BAD),
        (Beside(requests=40, slow=12, expected_slow=30), SloState.EVERYTHING_BAD),
        (Beside(requests=900, slow=60, expected_slow=9), SloState.BREACH),
        (Counted(requests=900, slow=27), SloState.BREACH),
        (Counted(requests=900, slow=270), SloState.EVERYTHING_BAD),
        (Counted(requests=20, slow=20), SloState.BREACH),
    ],
    ids=[
        "alone",
        "good",
        "as bad",
        "as bad with few requests",
        "bad but much better",
        "good before",
        "bad before",
        "few",
    ],
)
def test_a_bad_candidate_beside_production(production: Counted | None, state: SloState) -> None:
    assert judge(SLO(), Counted(requests=100, slow=30), production).state is state


def test_a_candidate_that_fails_in_its_own_way_is_found_on_a_day_when_all_is_slow() -> None:
    candidate = Counted(requests=100, slow=30, errors=30)
    production = Beside(requests=900, slow=270, expected_slow=30, errors=2, expected_errors=3.2)
    said = judge(SLO(), candidate, production)
    assert said.state is SloState.BREACH
    assert "5xx" in said.message


def test_a_record_of_little_is_no_reason_to_call_the_candidate_worse() -> None:
    assert log_e_worse("slow", Counted(requests=100, slow=12), Counted(requests=40, slow=3)) < LOG_THRESHOLD


def test_the_median_to_detect_is_exact_for_large_shares_and_scaled_for_small_ones() -> None:
    assert median_to_detect(0.05, 3.0, LOG_THRESHOLD, MIN_REQUESTS) == 59
    assert median_to_detect(0.0005, 3.0, LOG_THRESHOLD, MIN_REQUESTS) == 5870
    assert median_to_detect(0.0, 3.0, LOG_THRESHOLD, MIN_REQUESTS) == MIN_REQUESTS
    assert median_to_detect(0.5, 3.0, LOG_THRESHOLD, MIN_REQUESTS) is None


BULK = SLO(latency=LatencyObjective(max_rows=50))


def test_latency_is_judged_on_the_timed_requests_and_errors_on_all() -> None:
    slow = Counted(requests=10_000, slow=30, timed=100)
    said = judge(SLO(), slow)
    assert said.state is SloState.BREACH, "30 of 100 are too many however many others there were"
    assert said.message == ("30 of 100 requests were slower than 200 ms, among those of at most 100 rows; limit 5.0%")
    failed = judge(SLO(), Counted(requests=100, errors=20, timed=0))
    assert failed.state is SloState.BREACH
    assert failed.message == "20 of 100 requests were answered with a 5xx status; limit 1.0%"


def test_where_all_requests_have_very_many_rows_latency_is_not_judged_and_that_is_said() -> None:
    said = judge(BULK, Counted(requests=500, errors=1, timed=0))
    assert said.state is SloState.LATENCY_NOT_JUDGED
    assert said.kept == "its objective for errors"
    assert said.message == "500 requests, 1 failed; latency is not judged: only requests of more than 50 rows"
    assert judge(BULK, Counted(requests=5, timed=0)).message.startswith("5 requests, 0 failed; at least 30 are needed")


def test_too_few_timed_requests_decide_nothing_on_latency_however_many_there_were_in_all() -> None:
    said = judge(BULK, Counted(requests=500, slow=29, timed=29))
    assert said.state is SloState.HEALTHY
    assert said.message == (
        "500 requests, 0 failed; 29 slow of 29 with at most 50 rows; at least 30 are needed to decide on latency"
    )
    assert said.kept == "its objectives"


def test_production_with_too_few_timed_requests_is_no_excuse() -> None:
    candidate = Counted(requests=500, slow=100, timed=200)
    assert judge(SLO(), candidate, Counted(requests=900, slow=27, timed=29)).state is SloState.BREACH
    assert judge(SLO(), candidate, Counted(requests=900, slow=270, timed=500)).state is SloState.EVERYTHING_BAD


def test_counts_without_timed_ones_are_judged_as_ever() -> None:
    assert judge(SLO(), Counted(requests=100, slow=4, errors=1)).message == "100 requests, 4 slow, 1 failed"
    assert "timed" not in judge(SLO(), Counted(requests=100, slow=4)).figures
