"""Counters of many pods, added up over restarts and gaps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from slipway.api.revision import Watched
from slipway.plan.counting import MOST_PODS, added, counted_beside, renewed
from slipway.plan.observed import Counters

NOTHING = Counters(0, 0, 0)


def test_the_first_reading_of_a_pod_is_its_baseline() -> None:
    first = added(Watched(), {"a": Counters(500, 40, 3)})
    assert (first.requests, first.slow, first.errors) == (0, 0, 0)
    second = added(first, {"a": Counters(510, 41, 3)})
    assert (second.requests, second.slow, second.errors) == (10, 1, 0)


def test_a_restarted_pod_counts_from_zero_and_a_lost_one_keeps_what_it_showed() -> None:
    before = added(added(Watched(), {"a": Counters(100, 0, 0), "b": NOTHING}), {"b": Counters(7, 0, 0)})
    after = added(before, {"a": Counters(4, 1, 0)})
    assert (after.requests, after.slow) == (11, 1)


def test_nothing_is_lost_in_a_scrape_gap() -> None:
    before = added(Watched(), {"a": NOTHING, "b": NOTHING})
    gap = added(before, {"a": Counters(5, 0, 0)})
    assert added(gap, {"a": Counters(6, 0, 0), "b": Counters(9, 2, 0)}).requests == 15


def test_new_and_restarted_pods_are_written_down_at_once() -> None:
    before = added(Watched(), {"a": Counters(100, 0, 0)})
    assert not renewed(before, {"a": Counters(101, 0, 0)})
    assert renewed(before, {"a": Counters(99, 0, 0)})
    assert renewed(before, {"b": NOTHING})


def test_pods_that_are_long_gone_are_forgotten_before_the_status_grows_too_large() -> None:
    many = added(Watched(), {f"pod-{number}": NOTHING for number in range(MOST_PODS)})
    assert len(added(many, {"new": NOTHING}).baseline) == 1


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.booleans()), max_size=30))
def test_however_often_it_is_written_down_the_sums_are_the_same(events: list[tuple[int, int, bool]]) -> None:
    often = seldom = added(Watched(), {"a": NOTHING})
    total, slow = 0, 0
    for requests, bad, restart in events:
        if restart:
            seldom = added(seldom, {"a": Counters(total, slow, 0)})
            often, total, slow = added(often, {"a": Counters(total, slow, 0)}), 0, 0
            often, seldom = (added(seen, {"a": NOTHING}) for seen in (often, seldom))
        total, slow = total + requests, slow + min(bad, requests)
        often = added(often, {"a": Counters(total, slow, 0)})
    seldom = added(seldom, {"a": Counters(total, slow, 0)})
    assert (often.requests, often.slow) == (seldom.requests, seldom.slow)
    assert often.requests == sum(requests for requests, _, _ in events)


def test_bad_requests_of_both_sides_are_shared_out_by_the_share_of_each_interval() -> None:
    seen = counted_beside(Watched(), {"c": NOTHING}, {"p": NOTHING})
    seen = counted_beside(seen, {"c": Counters(10, 3, 0)}, {"p": Counters(90, 7, 1)})
    seen = counted_beside(seen, {"c": Counters(60, 3, 2)}, {"p": Counters(140, 7, 3)})
    assert seen.production is not None
    assert (seen.requests, seen.slow, seen.errors) == (60, 3, 2)
    assert (seen.production.requests, seen.production.slow, seen.production.errors) == (140, 7, 3)
    assert seen.production.expected_slow == 1.0
    assert seen.production.expected_errors == 0.1 * 1 + 0.5 * 4
