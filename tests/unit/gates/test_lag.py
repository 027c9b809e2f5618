"""How much of a latency the load generator's own lateness can explain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.gates.statistics.lag import Shot, forgivable, lags_until_answered, lags_when_sent

few = st.sampled_from([0.0, 0.25, 0.5])
"""Times that meet: requests that are sent or fall due at the same moment."""
timed = st.builds(
    lambda took, lag, at: Shot(lag + took, lag, at=at),
    st.floats(0, 1) | few,
    st.floats(0, 0.5) | few,
    st.floats(0, 3) | few,
)
loads = st.lists(timed, max_size=30)


def test_lateness_before_and_lateness_after_add_up() -> None:
    one, two, three = Shot(0.3, lag=0.2, at=0.0), Shot(0.3, lag=0.0, at=0.25), Shot(0.3, lag=0.01, at=0.5)
    assert lags_when_sent([three, one, two]) == [0.01, 0.2, 0.2]
    assert lags_until_answered([three, one, two]) == [0.0, 0.0, 0.01]
    assert forgivable([three, one, two]) == pytest.approx([0.01, 0.2, 0.21])


@given(loads)
def test_lags_when_sent_are_those_that_a_plain_count_finds(seen: list[Shot]) -> None:
    def under_way(other: Shot, sent: float) -> bool:
        return other.at + other.lag <= sent <= other.at + other.latency

    plain = [max(o.lag for o in seen if under_way(o, shot.at + shot.lag) or o is shot) for shot in seen]
    assert lags_when_sent(seen) == plain


@given(loads)
def test_lags_until_answered_are_those_that_a_plain_count_finds(seen: list[Shot]) -> None:
    plain = [max((o.lag for o in seen if shot.at < o.at <= shot.at + shot.latency), default=0.0) for shot in seen]
    assert lags_until_answered(seen) == plain


@given(loads)
def test_a_punctual_generator_is_forgiven_nothing(seen: list[Shot]) -> None:
    assert not any(forgivable([Shot(shot.latency, 0.0, at=shot.at) for shot in seen]))
