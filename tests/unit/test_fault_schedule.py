"""Which writes the proxy of the fault tests strikes: a test that strikes nothing would prove nothing."""

from __future__ import annotations

import pytest

from tests.e2e.faults.proxy import Fault, Schedule

STATUS, FLIP, EVENT = ("PUT", "/status"), ("PATCH", "/services/x"), ("POST", "/events")


def test_what_was_killed_before_its_write_is_let_through_when_it_comes_again() -> None:
    schedule = Schedule(Fault.BEFORE)
    assert [schedule.next(write) for write in (STATUS, STATUS, FLIP, FLIP, STATUS)] == [
        Fault.BEFORE,
        Fault.NONE,
        Fault.BEFORE,
        Fault.NONE,
        Fault.BEFORE,
    ]


def test_what_does_not_come_again_does_not_spare_what_comes_next() -> None:
    schedule = Schedule(Fault.BEFORE)
    assert [schedule.next(write) for write in (EVENT, STATUS, STATUS)] == [Fault.BEFORE, Fault.BEFORE, Fault.NONE]


@pytest.mark.parametrize("fault", [Fault.AFTER, Fault.ANSWERED])
def test_what_took_effect_is_struck_every_time(fault: Fault) -> None:
    schedule = Schedule(fault)
    assert [schedule.next(write) for write in (STATUS, STATUS, FLIP)] == [fault] * 3


def test_after_a_lost_answer_only_what_was_never_lost_is_struck() -> None:
    schedule = Schedule(Fault.LOST)
    struck = [schedule.next(write) is Fault.LOST for write in (STATUS, STATUS, STATUS, FLIP, STATUS, STATUS)]
    assert struck == [True, False, True, True, False, True]


def test_only_one_write_is_struck_where_one_is_named() -> None:
    schedule = Schedule(Fault.AFTER, only=2)
    assert [schedule.next(FLIP) for _ in range(4)] == [Fault.NONE, Fault.AFTER, Fault.NONE, Fault.NONE]
