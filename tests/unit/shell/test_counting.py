"""Counters of many pods, added up over restarts and gaps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from slipway.api.revision import Watched
from slipway.plan.production.counting import MOST_PODS, added, counted_beside, renewed
from slipway.plan.situation.observed import Counters

NOTHING = Counters(0, 0, 0)
EARLY, LATE = "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"


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


def afar(*counts: int, started: str = EARLY) -> Counters:
    """A reading that may be an older one than the one before it."""
    return Counters(*counts).from_afar(started)


def test_a_reading_that_is_one_scrape_older_is_no_news() -> None:
    seen = added(Watched(), {"a": afar(10_000, 0, 0)})
    for requests in (10_010, 10_005, 10_020, 10_015):
        seen = added(seen, {"a": afar(requests, 0, 0)})
        assert not renewed(seen, {"a": afar(10_001, 0, 0)})
    assert seen.requests == 20


def test_a_process_that_started_later_is_another_one_however_much_it_shows() -> None:
    before = added(added(Watched(), {"a": afar(3, 0, 0)}), {"a": afar(10, 0, 0)})
    assert renewed(before, {"a": afar(50, 0, 0, started=LATE)})
    after = added(before, {"a": afar(50, 5, 0, started=LATE)})
    assert (after.requests, after.slow) == (57, 5)
    assert added(after, {"a": afar(60, 5, 0, started=LATE)}).requests == 67


def test_a_reading_of_an_earlier_process_is_no_news_however_much_it_shows() -> None:
    before = added(added(Watched(), {"a": afar(3, 0, 0, started=LATE)}), {"a": afar(10, 0, 0, started=LATE)})
    assert not renewed(before, {"a": afar(900, 90, 9)})
    after = added(before, {"a": afar(900, 90, 9)})
    assert (after.requests, after.slow, after.errors) == (7, 0, 0)
    assert added(after, {"a": afar(12, 1, 0, started=LATE)}).requests == 9


def test_a_pod_that_is_asked_itself_may_have_restarted_before_the_cluster_says_so() -> None:
    asked = Counters(100, 0, 0, started=EARLY)
    before = added(Watched(read_at=LATE), {"a": asked})
    seen = added(before, {"a": replace(asked, requests=4)})
    seen = added(seen, {"a": replace(asked, requests=9)})
    seen = added(seen, {"a": replace(asked, requests=12, started="2026-01-01T00:59:58Z")})
    assert seen.requests == 12


def test_what_an_earlier_operator_wrote_down_is_read_unchanged() -> None:
    status = {"requests": 40, "slow": 2, "errors": 1, "readAt": "2026-01-01T00:30:00.000Z", "state": "Healthy"}
    written = Watched.model_validate({**status, "figures": {}, "baseline": {"a": [10_010, 7, 3]}})
    assert written.wire() == {**status, "figures": {}, "baseline": {"a": [10_010, 7, 3]}}
    assert written.by_latency == 40
    older, newer, restarted = (10_005, 7, 3), (10_020, 8, 3), (6, 1, 0)
    assert added(written, {"a": afar(*older)}).requests == 40
    assert added(added(written, {"a": afar(*older)}), {"a": afar(*newer)}).requests == 50
    assert added(written, {"a": Counters(*newer)}).requests == 50
    assert added(written, {"a": afar(*restarted, started=LATE)}).requests == 46
    assert added(written, {"a": Counters(*restarted)}).requests == 46


def test_timed_requests_are_told_only_where_they_are_not_all() -> None:
    seen = added(added(Watched(), {"a": NOTHING}), {"a": Counters(10, 1, 0)})
    assert (seen.timed, seen.by_latency, seen.marks) == (None, 10, None)
    seen = added(seen, {"a": Counters(40, 3, 2, timed=15)})
    assert (seen.requests, seen.slow, seen.errors, seen.timed) == (40, 3, 2, 15)
    again = added(Watched.model_validate(seen.wire()), {"a": Counters(41, 4, 2, timed=16)})
    assert (again.requests, again.slow, again.timed) == (41, 4, 16)


def test_slow_requests_of_both_sides_are_shared_out_by_the_timed_ones() -> None:
    seen = counted_beside(Watched(), {"c": NOTHING}, {"p": NOTHING})
    seen = counted_beside(seen, {"c": Counters(100, 4, 0, timed=10)}, {"p": Counters(100, 6, 10, timed=90)})
    assert seen.production is not None
    assert (seen.production.timed, seen.production.expected_slow, seen.production.expected_errors) == (90, 1.0, 5.0)


@dataclass
class Pod:
    """A pod that answers, is restarted now and then, and is asked by an operator that knows when it was started."""

    started: float = 0.0
    told: float = 0.0
    """When the cluster says that it was started: late, for a while."""
    counts: tuple[int, int, int] = (0, 0, 0)
    sent: int = 0

    def serve(self, requests: int, slow: int, errors: int) -> None:
        new = (requests, min(slow, requests), min(errors, requests))
        self.counts = tuple(old + more for old, more in zip(self.counts, new, strict=True))  # type: ignore[assignment]
        self.sent += requests

    def read(self) -> Counters:
        return Counters(*self.counts, started=moment(self.told))


def moment(at: float) -> str:
    return (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=at)).isoformat().replace("+00:00", "Z")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["serve", "restart", "told", "read", "write"]), st.integers(0, 40), st.integers(1, 9)
        ),
        max_size=40,
    )
)
def test_a_pod_that_is_asked_itself_is_never_counted_twice(events: list[tuple[str, int, int]]) -> None:
    pod, at = Pod(), 0.0
    written = seen = added(Watched(read_at=moment(0)), {"a": pod.read()})
    for what, requests, seconds in events:
        at += seconds
        if what == "serve":
            pod.serve(requests, requests // 3, requests // 5)
        elif what == "told":
            pod.told = pod.started
        elif what == "restart" and pod.told == pod.started:
            pod.started, pod.counts = at, (0, 0, 0)
        elif what == "read":
            seen = added(written, {"a": pod.read()}).model_copy(update={"read_at": moment(at)})
            written = seen if renewed(written, {"a": pod.read()}) else written
        elif what == "write":
            written = seen
        assert seen.requests <= pod.sent
