"""The load generator's event loop: a selector that does not round."""

from __future__ import annotations

import asyncio
import selectors
import socket
import threading
from collections.abc import Iterator

import pytest

from slipway.jobs.clock import PunctualSelector, punctual_loop


@pytest.fixture
def watched() -> Iterator[tuple[PunctualSelector, socket.socket]]:
    """A selector that watches one end of a connection, and the other end."""
    here, there = socket.socketpair()
    with PunctualSelector() as selector, here, there:
        selector.register(here, selectors.EVENT_READ, "here")
        yield selector, there


@pytest.mark.parametrize("timeout", [None, -1, 0, 1e-4, 60])
def test_what_is_ready_is_told_at_once(watched: tuple[PunctualSelector, socket.socket], timeout: float | None) -> None:
    selector, other = watched
    other.send(b"!")
    assert [key.data for key, _ in selector.select(timeout)] == ["here"]


@pytest.mark.parametrize("timeout", [-1, 0, 1e-4])
def test_nothing_is_ready_when_the_wait_is_over(
    watched: tuple[PunctualSelector, socket.socket], timeout: float
) -> None:
    assert watched[0].select(timeout) == []


def test_a_loop_on_it_is_never_early_and_wakes_for_other_threads() -> None:
    async def wait() -> float:
        loop = asyncio.get_running_loop()
        woken = asyncio.Event()
        due = loop.time() + 0.002
        await asyncio.sleep(0.002)
        early = due - loop.time()
        threading.Timer(0.001, loop.call_soon_threadsafe, [woken.set]).start()
        await woken.wait()
        return early

    with asyncio.Runner(loop_factory=punctual_loop) as runner:
        assert runner.run(wait()) <= 1e-6
