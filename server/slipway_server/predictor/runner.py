"""Running predictions beside the event loop: bounded in number and in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from slipway_server.errors import RequestError
from slipway_server.predictor.inputs import Inputs

Predict = Callable[[Inputs], Any]


class Runner(Protocol):
    """Runs one prediction; `stuck` counts those in a row that did not come back in time."""

    stuck: int

    async def run(self, inputs: Inputs) -> Any:
        """Return the prediction. Raises `RequestError` 429 and 504, and whatever the model raises."""
        ...

    def close(self) -> None:
        """Take no more work; do not wait for what runs."""
        ...


def overloaded(limit: int) -> RequestError:
    """429 with Retry-After: the queue is full, and waiting longer would only move the pain."""
    error = RequestError(429, "Too many requests", f"{limit} predictions are waiting already; try again in a second")
    error.headers = ((b"retry-after", b"1"),)
    return error


def too_slow(seconds: float) -> RequestError:
    """504: the model did not answer in time."""
    return RequestError(504, "The prediction took too long", f"the model did not answer within {seconds:g} s")


class PoolRunner:
    """Each prediction in a thread of its own, at most `threads` at once and `max_queue` waiting."""

    def __init__(self, predict: Predict, *, threads: int, max_queue: int, timeout: float) -> None:
        self.predict = predict
        self.limit = threads + max_queue
        self.timeout = timeout
        self.pending = 0
        self.stuck = 0
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="predict")

    async def run(self, inputs: Inputs) -> Any:
        """See `Runner`."""
        if self.pending >= self.limit:
            raise overloaded(self.limit)
        self.pending += 1
        future = asyncio.get_running_loop().run_in_executor(self.pool, self.predict, inputs)
        future.add_done_callback(self._done)
        done, _ = await asyncio.wait((future,), timeout=self.timeout)
        if not done:
            self.stuck += 1
            future.cancel()
            raise too_slow(self.timeout)
        self.stuck = 0
        return future.result()

    def _done(self, future: asyncio.Future[Any]) -> None:
        self.pending -= 1
        if not future.cancelled():
            future.exception()

    def close(self) -> None:
        """See `Runner`."""
        self.pool.shutdown(wait=False, cancel_futures=True)
