"""An event loop that wakes up when it said it would: the load generator's schedule is kept by it."""

from __future__ import annotations

import asyncio
import select
import selectors


class PunctualSelector(selectors.DefaultSelector):
    """The usual selector without its rounding.

    epoll_wait counts in whole milliseconds and Python rounds up, so every timer is half a millisecond late on average.
    An epoll descriptor is readable when something that it watches is: select(2), which counts in microseconds, waits
    for it instead.
    """

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready, after at most `timeout` seconds."""
        if timeout is not None and timeout > 0:
            select.select([self.fileno()], [], [], timeout)
            timeout = 0
        return super().select(timeout)


def punctual_loop() -> asyncio.AbstractEventLoop:
    """A new event loop on a PunctualSelector."""
    return asyncio.SelectorEventLoop(PunctualSelector())
