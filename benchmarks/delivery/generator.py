"""Load of three kinds of client on one address, run inside the cluster: an open loop that keeps its schedule.

    BODY=… [HOST_HEADER=…] python generator.py HOST SECONDS KIND=RATE…

KIND is one of three, RATE in requests/s. `fresh` opens a connection for every request, `kept` uses a pool of keep-alive
connections in turn, `slow` takes five seconds to send its body. Nothing is ever sent twice. HOST_HEADER is the name by
which a gateway at HOST knows the release. Needs nothing but Python. Every request becomes one line of ANSWERS; its
times are seconds since the epoch. Ends after SECONDS, or on SIGTERM, once every request has its line.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from heapq import merge
from itertools import count
from pathlib import Path

ANSWERS = Path("/tmp/answers")
TIMEOUT_SECONDS = 10.0
SLOW_SECONDS, SLOW_PIECES = 5.0, 20
POOL = 16
PORT = 80

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Answer = tuple[int, str | None]
"""Status and the revision that answered."""


@dataclass
class Client:
    """Sends one request in each of three ways. Raises OSError, EOFError or ValueError for anything but a prediction."""

    address: str
    host: str
    body: bytes
    pool: deque[Stream] = field(default_factory=deque)

    def head(self, connection: str) -> bytes:
        """The request's first bytes."""
        lines = ("POST /invocations HTTP/1.1", f"Host: {self.host}", "Content-Type: application/json")
        more = (f"Content-Length: {len(self.body)}", f"Connection: {connection}", "", "")
        return "\r\n".join((*lines, *more)).encode()

    async def fresh(self) -> Answer:
        """On a connection of its own."""
        stream = await self._connect()
        try:
            stream[1].write(self.head("close") + self.body)
            return (await answered(stream[0]))[0]
        finally:
            stream[1].close()

    async def slow(self) -> Answer:
        """On a connection of its own, in pieces."""
        stream = await self._connect()
        try:
            stream[1].write(self.head("close"))
            size = -(-len(self.body) // SLOW_PIECES)
            for start in range(0, len(self.body), size):
                await asyncio.sleep(SLOW_SECONDS / SLOW_PIECES)
                stream[1].write(self.body[start : start + size])
            return (await answered(stream[0]))[0]
        finally:
            stream[1].close()

    async def kept(self) -> Answer:
        """On the connection of the pool that has rested longest, or on a new one where all are busy or gone."""
        stream = await self._rested()
        try:
            stream[1].write(self.head("keep-alive") + self.body)
            answer, lasts = await answered(stream[0])
        except BaseException:  # cancellation too: the connection is not used again, nothing is swallowed
            stream[1].close()
            raise
        if lasts and len(self.pool) < POOL:
            self.pool.append(stream)
        else:
            stream[1].close()
        return answer

    async def _rested(self) -> Stream:
        while len(self.pool) >= POOL // 2:
            stream = self.pool.popleft()
            if not stream[0].at_eof():
                return stream
            stream[1].close()
        return await self._connect()

    async def _connect(self) -> Stream:
        return await asyncio.open_connection(self.address, PORT)


async def answered(reader: asyncio.StreamReader) -> tuple[Answer, bool]:
    """One whole answer, and whether the connection lasts."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers["content-length"]))
    status = int(first.split()[1])
    if status == 200 and "predictions" not in json.loads(body):
        raise ValueError(f"no predictions in {body[:80]!r}")
    return (status, headers.get("x-slipway-revision")), headers.get("connection", "").lower() != "close"


@dataclass
class Loop:
    """Sends on schedule, whatever comes back, and writes down what did."""

    ways: dict[str, Callable[[], Awaitable[Answer]]]
    lines: list[str] = field(default_factory=list)

    async def run(self, rates: dict[str, float], seconds: float, stopped: asyncio.Event) -> None:
        """Until `stopped` or for `seconds`, then until the last answer is there."""
        begun, epoch, shots = time.monotonic(), time.time(), set[asyncio.Task[None]]()
        for due, kind in schedule(rates):
            if due > seconds or stopped.is_set():
                break
            await asyncio.sleep(begun + due - time.monotonic())
            shot = asyncio.create_task(self._shoot(kind, epoch + due))
            shots.add(shot)
            shot.add_done_callback(shots.discard)
        await asyncio.gather(*shots)

    async def _shoot(self, kind: str, due: float) -> None:
        sent, status, revision, wrong = time.time(), 0, None, ""
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                status, revision = await self.ways[kind]()
        except (OSError, EOFError, ValueError) as error:
            wrong = f"{type(error).__name__}: {error}"
        self.lines.append(json.dumps([kind, due, sent, time.time(), status, revision, wrong]))


def schedule(rates: dict[str, float]) -> Iterator[tuple[float, str]]:
    """When, in seconds from the start, which kind is due; each kind evenly, for ever."""

    def ticks(kind: str, rate: float) -> Iterator[tuple[float, str]]:
        return ((number / rate, kind) for number in count())

    return merge(*(ticks(kind, rate) for kind, rate in rates.items()))


async def main(host: str, seconds: float, rates: dict[str, float]) -> None:
    """Load `host`, resolved once: a Service's address never changes. Then stay until the answers were fetched."""
    named = os.environ.get("HOST_HEADER") or host
    client = Client(socket.gethostbyname(host), named, os.environ["BODY"].encode())
    loop = Loop({"fresh": client.fresh, "kept": client.kept, "slow": client.slow})
    stopped, fetched = asyncio.Event(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, fetched.set)
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    await loop.run(rates, seconds, stopped)
    await asyncio.to_thread(ANSWERS.write_text, "\n".join(loop.lines) + "\n")
    sys.stdout.write("ended\n")
    sys.stdout.flush()
    await fetched.wait()


if __name__ == "__main__":
    asked = {kind: float(rate) for kind, _, rate in (argument.partition("=") for argument in sys.argv[3:])}
    asyncio.run(main(sys.argv[1], float(sys.argv[2]), asked))
