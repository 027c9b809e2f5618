"""A server whose latency distribution is known.

    python server.py PORT P50_MS P95_MS REQUESTS SEED [STALL_EVERY_S STALL_MS]

The delays are the quantiles (i + 0.5)/REQUESTS of the lognormal distribution with that median and 95th percentile, each
used once, in an order drawn from SEED. How long each request really took inside the server, timers being what they are,
is at GET /recorded, in seconds. With a stall, the whole server stands still for STALL_MS every STALL_EVERY_S, as a
garbage collection or a starved pod does.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import sys
import time
from itertools import cycle
from statistics import NormalDist
from typing import ClassVar

ANSWER = b'{"predictions": [0.5]}'


def delays(p50_ms: float, p95_ms: float, requests: int, seed: int) -> list[float]:
    """The delays in seconds, shuffled."""
    normal = NormalDist(math.log(p50_ms / 1000), math.log(p95_ms / p50_ms) / NormalDist().inv_cdf(0.95))
    values = [math.exp(normal.inv_cdf((i + 0.5) / requests)) for i in range(requests)]
    random.Random(seed).shuffle(values)
    return values


class Server(asyncio.Protocol):
    """HTTP/1.1, just enough of it: one request at a time on a connection, bodies by Content-Length."""

    schedule = cycle([0.0])
    recorded: ClassVar[list[float]] = []
    transport: asyncio.Transport

    def __init__(self) -> None:
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the connection."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer once the request is whole: an inference after its delay, anything else at once."""
        self.received += data
        head, found, body = self.received.partition(b"\r\n\r\n")
        length = next(
            (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), 0
        )
        if not found or len(body) < length:
            return
        self.received = b""
        if head.startswith(b"POST"):
            loop = asyncio.get_running_loop()
            loop.call_later(next(self.schedule), self.infer, loop.time())
        else:
            self.answer(json.dumps(self.recorded).encode())

    def infer(self, received: float) -> None:
        """Answer an inference that was received at `received`, and record how long it took."""
        self.answer(ANSWER)
        self.recorded.append(asyncio.get_running_loop().time() - received)

    def answer(self, body: bytes) -> None:
        """Send 200 with `body`."""
        if not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


async def stall(every: float, duration: float) -> None:
    """Block the event loop for `duration` seconds every `every` seconds."""
    while True:
        await asyncio.sleep(every - duration)
        time.sleep(duration)  # noqa: ASYNC251 - to block the loop is the point


async def main() -> None:
    """Serve until killed."""
    port, p50, p95, requests, seed, *stalls = (float(argument) for argument in sys.argv[1:])
    Server.schedule = cycle(delays(p50, p95, int(requests), int(seed)))
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", int(port))
    tasks = [asyncio.create_task(stall(stalls[0], stalls[1] / 1000))] if stalls else []
    print("ready", flush=True)
    async with server:
        await server.serve_forever()
    del tasks


if __name__ == "__main__":
    asyncio.run(main())
