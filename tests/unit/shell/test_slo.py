"""The SLO watch: a test that may be looked at after every request and still rarely cries wolf."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.api.policy import SLO, ErrorObjective
from slipway.api.revision import Watched
from slipway.gates.sequential import log_e
from slipway.gates.slo import ALPHA, LOG_THRESHOLD, MIN_REQUESTS, SloState, judge
from slipway.plan.observed import Counters
from slipway.plan.watching import added

REQUESTS, RUNS, SEED = 1500, 400, 7


def alarms(true_rate: float, allowed: float) -> float:
    """Share of runs that ever cross the threshold when looked at after every request."""
    rng = random.Random(SEED)
    crossed = 0
    for _ in range(RUNS):
        bad = 0
        for n in range(1, REQUESTS + 1):
            bad += rng.random() < true_rate
            if n >= MIN_REQUESTS and n % 5 == 0 and log_e(bad, n, allowed) >= LOG_THRESHOLD:
                crossed += 1
                break
    return crossed / RUNS


def test_a_revision_exactly_at_its_objective_is_rarely_taken_back() -> None:
    assert alarms(0.05, 0.05) <= ALPHA


def test_a_revision_that_is_three_times_too_slow_is_nearly_always_found() -> None:
    assert alarms(0.15, 0.05) >= 0.99


@given(st.integers(0, 500), st.integers(0, 500), st.floats(0.001, 0.5))
def test_more_bad_events_never_weaken_the_evidence(bad: int, good: int, allowed: float) -> None:
    assert log_e(bad + 1, bad + good + 1, allowed) >= log_e(bad, bad + good + 1, allowed) - 1e-9


def test_impossible_counts_are_a_bug_and_not_a_verdict() -> None:
    with pytest.raises(ValueError, match="5 bad of 3"):
        log_e(5, 3, 0.05)


def test_too_few_requests_never_decide() -> None:
    assert judge(SLO(), Watched(requests=MIN_REQUESTS - 1, errors=MIN_REQUESTS - 1)).state is SloState.HEALTHY


def test_a_breach_is_told_in_words() -> None:
    said = judge(SLO(errors=ErrorObjective(ratio=0.01)), Watched(requests=100, errors=20))
    assert said.state is SloState.BREACH
    assert said.message == "20 of 100 requests were answered with a 5xx status; 1.0% may be"


def test_the_first_reading_of_a_pod_is_its_baseline() -> None:
    first = added(Watched(), {"a": Counters(500, 40, 3)})
    assert (first.requests, first.slow, first.errors) == (0, 0, 0)
    second = added(first, {"a": Counters(510, 41, 3)})
    assert (second.requests, second.slow, second.errors) == (10, 1, 0)


def test_a_restarted_pod_counts_from_zero_and_a_lost_one_keeps_what_it_showed() -> None:
    before = added(added(Watched(), {"a": Counters(100, 0, 0), "b": Counters(0, 0, 0)}), {"b": Counters(7, 0, 0)})
    after = added(before, {"a": Counters(4, 1, 0)})
    assert (after.requests, after.slow) == (11, 1)
