"""The work queue: each key once, one worker a key, bounded parallelism, growing pauses after failures."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from slipway.process.workqueue import FIRST_BACKOFF_SECONDS, Queue, Retry
from slipway.words.names import Key

A, B, C = ("ns", "a"), ("ns", "b"), ("ns", "c")


class Clock:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Work:
    """Work that can be held up, and that remembers who was at it."""

    def __init__(self) -> None:
        self.done: Counter[Key] = Counter()
        self.at_once = self.most_at_once = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.fails: set[Key] = set()

    async def __call__(self, key: Key) -> float | None:
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        await self.gate.wait()
        self.at_once -= 1
        self.done[key] += 1
        if key in self.fails:
            raise Retry("not now")
        return None


async def turn() -> None:
    """Let everything that can run, run."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
async def parts() -> object:
    clock, work = Clock(), Work()
    queue = Queue(work, 2, clock)
    task = asyncio.create_task(queue.run())
    yield queue, work, clock
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_key_that_is_asked_for_often_is_worked_on_once(parts: tuple[Queue, Work, Clock]) -> None:
    queue, work, _ = parts
    for _ in range(5):
        queue.add(A)
    await turn()
    assert work.done == {A: 1}


async def test_a_key_asked_for_while_it_is_worked_on_gets_another_round(parts: tuple[Queue, Work, Clock]) -> None:
    queue, work, _ = parts
    work.gate.clear()
    queue.add(A)
    await turn()
    queue.add(A)
    queue.add(A)
    await turn()
    assert work.at_once == 1, "one worker a key"
    work.gate.set()
    await turn()
    assert work.done == {A: 2}


async def test_no_more_keys_than_allowed_are_worked_on_at_once(parts: tuple[Queue, Work, Clock]) -> None:
    queue, work, _ = parts
    work.gate.clear()
    for key in (A, B, C):
        queue.add(key)
    await turn()
    assert work.at_once == 2
    work.gate.set()
    await turn()
    assert work.done == {A: 1, B: 1, C: 1}
    assert work.most_at_once == 2


async def test_a_failed_key_comes_back_after_a_pause_and_holds_up_no_other(parts: tuple[Queue, Work, Clock]) -> None:
    queue, work, clock = parts
    work.fails.add(A)
    queue.add(A)
    queue.add(B)
    await turn()
    assert work.done == {A: 1, B: 1}
    queue.add(C)
    await turn()
    assert work.done[A] == 1, "not before its pause is over"
    clock.now += FIRST_BACKOFF_SECONDS
    work.fails.clear()
    queue.add(C)
    await turn()
    assert work.done[A] == 2


async def test_stopping_cancels_what_is_under_way() -> None:
    work = Work()
    work.gate.clear()
    queue = Queue(work, 2, Clock())
    task = asyncio.create_task(queue.run())
    queue.add(A)
    await turn()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not [t for t in asyncio.all_tasks() if t.get_name().startswith("reconcile")]


async def test_its_age_is_how_long_the_oldest_key_is_overdue() -> None:
    clock = Clock()
    queue = Queue(Work(), 1, clock)
    assert queue.age == 0.0
    queue.add(A, delay=10.0)
    queue.add(B, delay=60.0)
    assert queue.age == 0.0, "it is not due yet"
    clock.now = 25.0
    assert queue.age == 15.0
