"""Steady load on one URL, run inside the cluster: an open loop with a fresh connection for every request.

    BODY=… [HOST_HEADER=…] python load_generator.py HOST RATE SECONDS

Needs nothing but Python. HOST_HEADER names the host that a gateway at HOST tells releases apart by. Every answer is
one line of JSON: when it was sent and when it was there (seconds since the epoch), the status or 0, the model version
and revision that answered, and what went wrong. Ends after SECONDS, or on SIGTERM, once every request that was sent has
its line.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass

TIMEOUT_SECONDS = 5.0
LINGER_SECONDS = 2.0
"""The container stays this long after the last answer: the command that ends the load runs in it too."""
PORT = 80


@dataclass(frozen=True)
class Target:
    """Where requests go, and the bytes of each."""

    address: str
    request: bytes


def target(host: str, body: bytes) -> Target:
    """The target at `host`, resolved once: a Service's address never changes."""
    named = os.environ.get("HOST_HEADER") or host
    head = (
        f"POST /invocations HTTP/1.1\r\nHost: {named}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return Target(socket.gethostbyname(host), head.encode() + body)


async def exchange(to: Target) -> tuple[int, dict[str, str]]:
    """Status and headers of one answer. Raises OSError or ValueError for anything that is not a whole prediction."""
    reader, writer = await asyncio.open_connection(to.address, PORT)
    try:
        writer.write(to.request)
        answer = await reader.read(-1)
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    pairs = (line.split(": ", 1) for line in lines)
    headers = {name.lower(): value for name, value in pairs}
    status = int(first.split()[1]) if len(first.split()) > 1 else 0
    if status == 200 and "predictions" not in json.loads(body):
        raise ValueError(f"no predictions in {body[:80]!r}")
    return status, headers


async def shoot(to: Target) -> None:
    """One request and its line."""
    sent, status, headers, wrong = time.time(), 0, dict[str, str](), ""
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            status, headers = await exchange(to)
    except (OSError, ValueError) as error:
        wrong = f"{type(error).__name__}: {error}"
    line = [sent, time.time(), status, headers.get("x-model-version"), headers.get("x-slipway-revision"), wrong]
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


async def run(to: Target, rate: float, seconds: float) -> None:
    """Keep the schedule whatever comes back."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    started, shots = time.monotonic(), set[asyncio.Task[None]]()
    number = 0
    while not stopped.is_set() and number < rate * seconds:
        await asyncio.sleep(started + number / rate - time.monotonic())
        shot = asyncio.create_task(shoot(to))
        shots.add(shot)
        shot.add_done_callback(shots.discard)
        number += 1
    await asyncio.gather(*shots)
    await asyncio.sleep(LINGER_SECONDS)


if __name__ == "__main__":
    asyncio.run(run(target(sys.argv[1], os.environ["BODY"].encode()), float(sys.argv[2]), float(sys.argv[3])))
