"""Predictions in threads, with zero-wait micro-batching: what queued while one call ran goes as the next."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any

import numpy as np

from slipway_server.errors import RequestError
from slipway_server.foreign import ForeignError, foreign
from slipway_server.model.inputs import Inputs, joined
from slipway_server.predictor.runner import Limits, Predictor, overloaded, too_many_rows, too_slow, waited


@dataclass(slots=True, eq=False)
class Waiting:
    """A request on its way to a thread. `taken`: when the model got it. `timer`: when it is looked after."""

    inputs: Inputs
    future: asyncio.Future[Any]
    taken: float | None = None
    timer: asyncio.TimerHandle | None = None


class ThreadRunner:
    """Threads that take requests from one queue; `on_batch` hears of each call's number of rows."""

    def __init__(
        self, predictor: Predictor, limits: Limits, on_batch: Callable[[int], None] = lambda _rows: None
    ) -> None:
        self.predict = predictor.predict
        self.limits = limits
        self.on_batch = on_batch
        self.pending = 0
        self.stuck = 0
        self.queue: SimpleQueue[Waiting | None] = SimpleQueue()
        self.held: Waiting | None = None
        self.batch_rows = limits.batch_rows if predictor.rowwise and limits.threads == 1 else 0
        self.since: list[float | None] = [None] * limits.threads
        """When each thread's call began."""
        name = "bulk" if limits.bulk else "predict"
        for number in range(limits.threads):
            threading.Thread(target=self._work, args=(number,), name=f"{name}-{number}", daemon=True).start()

    async def run(self, inputs: Inputs) -> Any:
        """See `Runner`."""
        if self.pending >= self.limits.queue + self.limits.threads:
            raise overloaded(self.limits.queue)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        # Counted until a thread is through with it, not until its client gave up: a stuck thread must not let the
        # queue behind it grow.
        self.pending += 1
        waiting = Waiting(inputs, future)
        self.queue.put(waiting)
        waiting.timer = loop.call_later(self.limits.timeout, self.expire, waiting)
        try:
            return await future
        finally:
            waiting.timer.cancel()

    def close(self) -> None:
        """See `Runner`."""
        for _ in range(self.limits.threads):
            self.queue.put(None)

    def expire(self, waiting: Waiting) -> None:
        """The request's time in the queue, or the model's time for it, is over. The one is not taken off the other."""
        if waiting.future.done():
            return
        left = waiting.taken + self.limits.timeout - monotonic() if waiting.taken is not None else 0.0
        if left > 0:
            waiting.timer = waiting.future.get_loop().call_later(left, self.expire, waiting)
            return
        self.stuck += 1
        waiting.future.set_exception(self._late(waiting))

    def _late(self, waiting: Waiting) -> RequestError:
        """Why there is no answer: too many rows, too many requests, or a model that does not answer."""
        seconds, taken = self.limits.timeout, waiting.taken is not None
        if self.limits.bulk:
            return too_many_rows(waiting.inputs.rows, seconds) if taken else waited(seconds)
        return too_slow(seconds) if taken or self._hangs() else waited(seconds)

    def _hangs(self) -> bool:
        """Whether every thread is in a call that should have come back: nobody else can be served either."""
        now = monotonic()
        return all(since is not None and now - since >= self.limits.timeout for since in self.since)

    def _work(self, number: int) -> None:
        while (first := self._next()) is not None:
            batch = self._batch(first)
            alive = [waiting for waiting in batch if not waiting.future.done()]
            results: list[Any] = []
            if alive:
                self.since[number] = now = monotonic()
                for waiting in alive:
                    waiting.taken = now
                results = _answers(self.predict, alive)
                self.since[number] = None
                self.on_batch(sum(waiting.inputs.rows for waiting in alive))
            try:
                first.future.get_loop().call_soon_threadsafe(self._finish, len(batch), alive, results)
            except RuntimeError:  # the loop has ended, nobody waits any more
                return

    def _next(self) -> Waiting | None:
        held, self.held = self.held, None
        return held or self.queue.get()

    def _batch(self, first: Waiting) -> list[Waiting]:
        batch = [first]
        rows = first.inputs.rows
        while rows < self.batch_rows:
            try:
                following = self.queue.get_nowait()
            except Empty:
                break
            if following is None:
                self.queue.put(None)
                break
            rows += following.inputs.rows
            if rows > self.batch_rows or not first.inputs.joins(following.inputs):
                self.held = following
                break
            batch.append(following)
        return batch

    def _finish(self, taken: int, batch: Sequence[Waiting], results: Sequence[Any]) -> None:
        self.pending -= taken
        self.stuck = 0 if batch else self.stuck
        for waiting, result in zip(batch, results, strict=True):
            if waiting.future.done():
                continue
            if isinstance(result, Exception):
                waiting.future.set_exception(result)
            else:
                waiting.future.set_result(result)


def _answers(predict: Callable[[Inputs], Any], batch: Sequence[Waiting]) -> list[Any]:
    """One answer or exception per request. A batch that fails is asked again one by one: the fault is one request's."""
    if len(batch) > 1:
        parts = _together(predict, batch)
        if parts is not None:
            return parts
    return [_alone(predict, waiting.inputs) for waiting in batch]


def _together(predict: Callable[[Inputs], Any], batch: Sequence[Waiting]) -> list[Any] | None:
    try:
        together = foreign(joined, [waiting.inputs for waiting in batch])
    except ForeignError:
        return None
    result = _alone(predict, together)
    if not isinstance(result, np.ndarray) or len(result) != together.rows:
        return None
    ends = np.cumsum([waiting.inputs.rows for waiting in batch])[:-1]
    return list(np.split(result, ends))


def _alone(predict: Callable[[Inputs], Any], inputs: Inputs) -> Any:
    """What the model raises becomes the request's answer, and never ends the thread."""
    try:
        return foreign(predict, inputs)
    except (ForeignError, RequestError) as error:
        return error
