"""Bounded load on a production Service, run in a pod beside it: an open loop, each request its own connection.

    GOOD=… SLOW=… FAIL=… python smoke_load.py HOST RATE SECONDS SLOW_SHARE FAIL_SHARE

GOOD, SLOW and FAIL are bodies of requests; the shares are between 0 and 1. Needs only Python, and ends by itself.
Prints one line a second: seconds, requests, failures as the caller saw them.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
import sys
import time

PORT = 80
TIMEOUT_SECONDS = 5.0
MOST_RATE, MOST_SECONDS = 100.0, 900.0


async def exchange(address: str, request: bytes) -> bool:
    """Whether the answer is a 200."""
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            reader, writer = await asyncio.open_connection(address, PORT)
            writer.write(request)
            answer = await reader.read(-1)
            writer.close()
    except OSError:
        return False
    return answer.split(b"\r\n", 1)[0].endswith(b"200 OK")


def request(host: str, body: str) -> bytes:
    """The bytes of one request."""
    head = f"POST /invocations HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()


async def run(host: str, rate: float, seconds: float, shares: tuple[float, float]) -> None:
    """Send `rate` requests a second for `seconds`, mixed by `shares` of slow and failing ones."""
    address = socket.gethostbyname(host)
    good, slow, fail = (request(host, os.environ[name]) for name in ("GOOD", "SLOW", "FAIL"))
    shots: list[asyncio.Task[bool]] = []
    started = time.monotonic()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(started + number / rate - time.monotonic())
        draw = random.random()
        kind = fail if draw < shares[1] else slow if draw < sum(shares) else good
        shots.append(asyncio.create_task(exchange(address, kind)))
        if number % max(1, int(rate)) == 0:
            ended = [shot.result() for shot in shots if shot.done()]
            print(f"{number / rate:.0f} {len(ended)} {ended.count(False)}", flush=True)
    await asyncio.gather(*shots)


if __name__ == "__main__":
    _, HOST, RATE, SECONDS, *SHARES = sys.argv
    asyncio.run(
        run(HOST, min(float(RATE), MOST_RATE), min(float(SECONDS), MOST_SECONDS), (float(SHARES[0]), float(SHARES[1])))
    )
