"""Questions that a gate asks a served revision before it loads or scores it."""

from __future__ import annotations

import asyncio
import json

import aiohttp

from slipway.jobs.environment import Endpoint, JobError
from slipway.jobs.payload import Example, example
from slipway_contract import headers, paths

PATIENCE = 20.0
"""Seconds in which a ready pod must become reachable: Services learn about endpoints with a delay."""

_INTERVAL = 0.2
_TIMEOUT = aiohttp.ClientTimeout(total=5)
_MAX_BYTES = 4 * 2**20
_OK, _NOT_FOUND = 200, 404


class NotReady(Exception):
    """The revision answers, but not that it is ready. Its text is a sentence."""


async def wait_ready(session: aiohttp.ClientSession, target: Endpoint) -> None:
    """Wait until GET /readyz answers 200, for at most PATIENCE seconds.

    Raises NotReady when it answers something else to the end, JobError when it cannot be reached or something else
    answers in its place: until a node knows a new Service, what is sent to its address leaves the cluster, and
    whatever stands there may answer.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    while (problem := await _problem(session, target)) is not None:
        if loop.time() >= deadline:
            raise problem
        await asyncio.sleep(_INTERVAL)


async def _problem(session: aiohttp.ClientSession, target: Endpoint) -> NotReady | JobError | None:
    url = f"{target.url}/readyz"
    try:
        async with session.get(url, timeout=_TIMEOUT, allow_redirects=False) as response:
            revision, status = response.headers.get(headers.REVISION), response.status
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return JobError(f"{target.url} cannot be reached ({type(error).__name__}: {error})")
    if revision != target.revision:
        return JobError(
            f"GET {url} answered {status}, but not from {target.revision}: {revision or 'no revision'} answered"
        )
    return None if status == _OK else NotReady(f"GET {url} answered {status}, not 200")


async def fetch_example(session: aiohttp.ClientSession, target: Endpoint) -> Example | None:
    """The input example that came with the model; None when it has none. Raises JobError."""
    body = await fetch(session, f"{target.url}{paths.EXAMPLE}", _MAX_BYTES)
    if body is None:
        return None
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise JobError(f"{target.url}{paths.EXAMPLE} is not JSON ({error})") from error
    return example(document)


async def fetch(session: aiohttp.ClientSession, url: str, max_bytes: int) -> bytes | None:
    """The body at `url`; None for a 404. Raises JobError for anything but 200, or more than `max_bytes`."""
    try:
        async with session.get(url, timeout=_TIMEOUT, allow_redirects=False) as response:
            if response.status == _NOT_FOUND:
                return None
            if response.status != _OK:
                raise JobError(f"GET {url} answered {response.status}, not 200")
            body = bytearray()
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > max_bytes:
                    raise JobError(f"GET {url} answered more than {max_bytes} bytes")
            return bytes(body)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise JobError(f"GET {url} failed ({type(error).__name__}: {error})") from error
