"""Waiting: look again until it is so, and say what was seen when it never became so."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PAUSE_SECONDS = 0.4


class NeverHappened(AssertionError):
    """What was waited for did not come in time."""


def until(what: str, look: Callable[[], T | None], within: float, state: Callable[[], object] | None = None) -> T:
    """What `look` returns as soon as it is true. Raises NeverHappened with `state`, or with the last look."""
    end = time.monotonic() + within
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > end:
            raise NeverHappened(f"not within {within:g} s: {what}; instead: {state() if state else seen!r}")
        time.sleep(PAUSE_SECONDS)


def throughout(what: str, look: Callable[[], object], seconds: float) -> None:
    """Fails as soon as `look` is false; returns after it was true for all of `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert look(), f"no longer so: {what}"
        time.sleep(PAUSE_SECONDS)
