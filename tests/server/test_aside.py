"""What is large is read and written beside the event loop, the smaller first."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from slipway_server.errors import RequestError
from slipway_server.foreign import ForeignError
from slipway_server.wire.aside import Aside


def noting(done: list[str], name: str) -> Callable[[], str]:
    """A job that leaves its name."""

    def job() -> str:
        done.append(name)
        return name

    return job


async def test_the_smaller_goes_first_and_the_loop_does_none_of_it() -> None:
    aside, gate, done = Aside(10), threading.Event(), list[str]()
    first = asyncio.create_task(aside.do(1, lambda: gate.wait(10) and threading.current_thread().name))
    rest = [asyncio.create_task(aside.do(size, noting(done, str(size)))) for size in (900, 20, 300, 20)]
    await asyncio.sleep(0)
    gate.set()
    assert await first == "aside"
    assert await asyncio.gather(*rest) == ["900", "20", "300", "20"]
    assert done == ["20", "20", "300", "900"]
    assert aside.waiting == 0


async def test_past_the_limit_nothing_more_waits() -> None:
    aside, gate = Aside(1), threading.Event()
    first = asyncio.create_task(aside.do(1, lambda: gate.wait(10)))
    await asyncio.sleep(0)
    with pytest.raises(RequestError) as caught:
        await aside.do(1, bool)
    assert caught.value.status == 429
    gate.set()
    assert await first


async def test_what_a_job_raises_is_its_own() -> None:
    aside = Aside(9)
    with pytest.raises(ForeignError):
        await aside.do(1, lambda: 1 // 0)

    def refused() -> None:
        raise RequestError(400, "no", "no")

    with pytest.raises(RequestError):
        await aside.do(1, refused)
    assert await aside.do(1, lambda: 7) == 7
