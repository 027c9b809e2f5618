"""A keyed work queue: one worker a key, each key at most once in it, bounded parallelism, backoff with jitter."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from slipway.words.backoff import doubled
from slipway.words.names import Key

FIRST_BACKOFF_SECONDS = 0.5
LAST_BACKOFF_SECONDS = 300.0


def backoff(failures: int, first: float = FIRST_BACKOFF_SECONDS) -> float:
    """Seconds to wait after so many failures in a row: doubling, with jitter so that many do not come back together."""
    return doubled(first, failures, LAST_BACKOFF_SECONDS) * random.uniform(0.5, 1.0)


class Retry(Exception):
    """Work failed in a way that passes: do it again after a growing pause, or after `after` seconds."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


@dataclass
class Queue:
    """Runs `work` on keys. `work` returns after how many seconds it wants its key again, or None; or raises Retry."""

    work: Callable[[Key], Awaitable[float | None]]
    parallel: int
    monotonic: Callable[[], float]
    _due: dict[Key, float] = field(default_factory=dict)
    _running: dict[Key, asyncio.Task[None]] = field(default_factory=dict)
    _failures: dict[Key, int] = field(default_factory=dict)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def __len__(self) -> int:
        """Keys that wait."""
        return len(self._due)

    @property
    def age(self) -> float:
        """Seconds for which the oldest key has been due; 0 while none is."""
        return max(0.0, self.monotonic() - min(self._due.values())) if self._due else 0.0

    def add(self, key: Key, delay: float = 0.0) -> None:
        """Ask for `key` in `delay` seconds at the latest. Asking while it is worked on leads to another round."""
        due = self.monotonic() + delay
        self._due[key] = min(due, self._due.get(key, due))
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled; then wait for what is under way to be cancelled too."""
        try:
            while True:
                self._wake.clear()
                pause = self._start_due()
                try:
                    await asyncio.wait_for(self._wake.wait(), pause)
                except TimeoutError:
                    continue
        finally:
            tasks = list(self._running.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _start_due(self) -> float | None:
        """Start what is due and free; seconds until the next key is due, None without one that could start."""
        now = self.monotonic()
        for key in sorted((k for k in self._due if k not in self._running), key=self._due.__getitem__):
            if len(self._running) >= self.parallel:
                return None
            if self._due[key] > now:
                return self._due[key] - now
            del self._due[key]
            self._running[key] = asyncio.create_task(self._one(key), name=f"reconcile {key[0]}/{key[1]}")
        return None

    async def _one(self, key: Key) -> None:
        try:
            again = await self.work(key)
            self._failures.pop(key, None)
            if again is not None:
                self.add(key, again)
        except Retry as retry:
            self.add(key, self._backoff(key) if retry.after is None else retry.after)
        finally:
            del self._running[key]
            self._wake.set()

    def _backoff(self, key: Key) -> float:
        self._failures[key] = self._failures.get(key, 0) + 1
        return backoff(self._failures[key])
