"""An open-loop load: requests leave on a fixed schedule, whatever the answers do.

Latency counts from the scheduled time of sending, so that a server that stalls cannot hide it by keeping the load away
(Tene's coordinated omission; Schroeder, Wierman, Harchol-Balter: "Open Versus Closed: A Cautionary Tale", NSDI 2006).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

import aiohttp

from slipway_contract import headers

LANES = 16
"""Separate connection pools, taken in turn. One pool reuses one connection, so it would load one of several pods."""

MAX_ANSWER_BYTES = 8 * 2**20
_HEAD_START = 0.05
_HEADERS = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Load:
    """What to send: `bodies` in turn to `url`, `requests` in all, `rate` per second; seconds until one is given up."""

    url: str
    bodies: tuple[bytes, ...]
    requests: int
    rate: float
    give_up: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request. `latency` and `lag` in seconds from its scheduled time; `index` is that of its body."""

    index: int
    latency: float
    lag: float
    status: int | None = None
    revision: str | None = None
    body: bytes = b""
    problem: str | None = None
    connected: bool = True
    given_up: bool = False
    at: float = 0.0
    """Its scheduled time, in seconds since the load began."""


async def send(load: Load) -> tuple[Answer, ...]:
    """Send the load and wait for every answer; in the order of the schedule."""
    loop = asyncio.get_running_loop()
    async with _lanes() as sessions, asyncio.TaskGroup() as group:
        start = loop.time() + _HEAD_START
        tasks = []
        for number in range(load.requests):
            due = start + number / load.rate
            await asyncio.sleep(max(0.0, due - loop.time()))
            tasks.append(group.create_task(_shoot(sessions[number % LANES], load, number, due)))
    return tuple(replace(task.result(), at=number / load.rate) for number, task in enumerate(tasks))


@asynccontextmanager
async def _lanes() -> AsyncIterator[Sequence[aiohttp.ClientSession]]:
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
            for _ in range(LANES)
        ]


async def _shoot(session: aiohttp.ClientSession, load: Load, number: int, due: float) -> Answer:
    loop = asyncio.get_running_loop()
    index = number % len(load.bodies)
    lag = loop.time() - due
    try:
        async with asyncio.timeout(load.give_up):
            status, revision, body = await _post(session, load.url, load.bodies[index])
    except TimeoutError:
        return Answer(index, loop.time() - due, lag, problem=f"no answer within {load.give_up:g} s", given_up=True)
    except aiohttp.ClientConnectorError as error:
        problem = f"no connection ({type(error.os_error).__name__})"
        return Answer(index, loop.time() - due, lag, problem=problem, connected=False)
    except (aiohttp.ClientError, OSError) as error:
        return Answer(index, loop.time() - due, lag, problem=f"connection broken ({type(error).__name__})")
    return Answer(index, loop.time() - due, lag, status, revision, body)


async def _post(session: aiohttp.ClientSession, url: str, body: bytes) -> tuple[int, str | None, bytes]:
    async with session.post(url, data=body, headers=_HEADERS, allow_redirects=False) as response:
        answer = bytearray()
        async for chunk in response.content.iter_any():
            answer += chunk
            if len(answer) > MAX_ANSWER_BYTES:
                raise aiohttp.ClientPayloadError(f"answer longer than {MAX_ANSWER_BYTES} bytes")
        return response.status, response.headers.get(headers.REVISION), bytes(answer)
