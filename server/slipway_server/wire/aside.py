"""Large bodies are read, and answers of many values written, beside the event loop: the smaller ones first.

One thread does it, because reading holds the interpreter's lock: more threads would only take it from the event loop.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from itertools import count
from queue import PriorityQueue
from typing import Any, NamedTuple, TypeVar, cast

from slipway_server.errors import RequestError
from slipway_server.foreign import ForeignError, foreign
from slipway_server.predictor.runner import overloaded

T = TypeVar("T")
LARGE_BYTES = 64 * 1024
"""A body of this size is read in a few milliseconds at most."""
LARGE_VALUES = 4096
"""As many values are written in less than a millisecond."""


class Job(NamedTuple):
    """Jobs go by size, those of one size in their order; `call` is never compared."""

    size: int
    number: int
    call: Callable[[], Any]
    future: asyncio.Future[Any]


class Aside:
    """A thread for what is large; it begins with the first job. At most `limit` jobs wait."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.waiting = 0
        self.numbers = count()
        self.jobs: PriorityQueue[Job] = PriorityQueue()
        self.thread: threading.Thread | None = None

    async def do(self, size: int, call: Callable[[], T]) -> T:
        """Return what `call` returns. Raises what it raises as `foreign` does, and `RequestError` 429."""
        if self.waiting >= self.limit:
            raise overloaded(self.limit)
        if self.thread is None:
            self.thread = threading.Thread(target=self._work, name="aside", daemon=True)
            self.thread.start()
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.waiting += 1
        self.jobs.put(Job(size, next(self.numbers), call, future))
        return cast(T, await future)

    def _work(self) -> None:
        while True:
            job = self.jobs.get()
            result = _outcome(job.call) if not job.future.done() else None
            try:
                job.future.get_loop().call_soon_threadsafe(self._finish, job.future, result)
            except RuntimeError:  # the loop has ended, nobody waits any more
                return

    def _finish(self, future: asyncio.Future[Any], result: Any) -> None:
        self.waiting -= 1
        if future.done():
            return
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)


def _outcome(call: Callable[[], Any]) -> Any:
    try:
        return foreign(call)
    except (ForeignError, RequestError) as error:
        return error
