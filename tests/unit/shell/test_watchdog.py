"""The watchdog: a change that a listing shows and the watch never delivers means that the watch is dead."""

from __future__ import annotations

from slipway.process.watchdog import LIMIT_SECONDS, Watchdog

KEY = ("demo", "cancer")


def test_what_was_delivered_is_not_missed() -> None:
    dog = Watchdog()
    dog.delivered(KEY, "7", deleted=False)
    dog.listed({KEY: "7"}, now=100.0)
    assert dog.lag(now=500.0) == 0


def test_a_change_that_is_never_delivered_grows_old() -> None:
    dog = Watchdog()
    dog.delivered(KEY, "7", deleted=False)
    dog.listed({KEY: "8"}, now=100.0)
    dog.listed({KEY: "9"}, now=120.0)
    assert dog.lag(now=100.0 + LIMIT_SECONDS) == LIMIT_SECONDS


def test_a_change_that_is_delivered_late_is_forgiven() -> None:
    dog = Watchdog()
    dog.listed({KEY: "8"}, now=100.0)
    dog.delivered(KEY, "8", deleted=False)
    assert dog.lag(now=500.0) == 0


def test_what_is_gone_from_the_listing_is_forgotten() -> None:
    dog = Watchdog()
    dog.listed({KEY: "8"}, now=100.0)
    dog.listed({}, now=120.0)
    assert dog.lag(now=500.0) == 0
