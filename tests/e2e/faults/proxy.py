"""A reverse proxy that an operator speaks through, and that can strike at any of its writes.

It stands between the operator and both of its servers: the API server (the operator's kubeconfig names the proxy) and
MLflow (the proxy is the operator's HTTP proxy). Runs in the cluster, beside the operator; see harness.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

Write = tuple[str, str]
"""Verb and path."""

VERBS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
MLFLOW_WRITES = ("/registered-models/alias", "/model-versions/transition-stage")
"""What changes anything in MLflow; it is also asked by POST."""
_HOP_BY_HOP = frozenset({"connection", "content-length", "transfer-encoding", "host", "authorization", "keep-alive"})


class Fault(StrEnum):
    """What happens at a write."""

    NONE = "none"
    BEFORE = "killed before the write"
    AFTER = "killed after the write, before the answer"
    ANSWERED = "killed with the answer"
    LOST = "answer lost"


@dataclass
class Schedule:
    """Which writes are struck: number `only`, or as many as a story can bear."""

    fault: Fault
    only: int = 0
    number: int = 0
    _struck: Write | None = None
    _known: set[Write] = field(default_factory=set)

    def next(self, write: Write) -> Fault:
        """What happens at this write."""
        self.number += 1
        if self.only:
            return self.fault if self.number == self.only else Fault.NONE
        spared = self._spared(write)
        self._known.add(write)
        self._struck = None if spared else write
        return Fault.NONE if spared else self.fault

    def _spared(self, write: Write) -> bool:
        """What never got through comes again, and is let through then.

        Who loses answers lives on, and pauses longer and longer while nothing succeeds: the write after a lost one is
        let through, unless it is of a kind that was never lost yet.
        """
        if self.fault is Fault.BEFORE:
            return write == self._struck
        return self.fault is Fault.NONE or (
            self.fault is Fault.LOST and self._struck is not None and write in self._known
        )


@dataclass
class Proxy:
    """The way to both servers for the operator of one lane."""

    lane: str
    api: str
    """URL of the API server."""
    headers: Callable[[], dict[str, str]]
    """What identifies the operator there."""
    session: aiohttp.ClientSession
    schedule: Schedule
    kill: Callable[[], Awaitable[None]]
    """Ends the operator's process and starts another."""
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request of the operator."""
        api = request.url.host == "127.0.0.1"
        url = URL(self.api + request.rel_url.raw_path_qs, encoded=True) if api else request.url
        if not _writes(request, api):
            return await self._stream(request, url, api)
        async with self._turn:
            return await self._write(request, url, api)

    async def _write(self, request: web.Request, url: URL, api: bool) -> web.StreamResponse:
        write = (request.method, request.path)
        fault = self.schedule.next(write)
        status = 0
        try:
            if fault is Fault.BEFORE:
                return await self._struck(request)
            async with self._forward(request, url, api, await request.read()) as answer:
                status, body = answer.status, await answer.read()
                response = web.Response(status=status, body=body, headers=_kept(answer.headers))
            if fault is Fault.AFTER:
                return await self._struck(request)
            if fault is Fault.LOST:
                return _cut(request)
            if fault is Fault.ANSWERED:
                await response.prepare(request)
                await response.write_eof()
                await self.kill()
            return response
        finally:
            self.say(write=self.schedule.number, verb=write[0], path=write[1], fault=fault, status=status)

    async def _struck(self, request: web.Request) -> web.Response:
        """The caller is gone: what is answered reaches nobody."""
        await self.kill()
        return _cut(request)

    async def _stream(self, request: web.Request, url: URL, api: bool) -> web.StreamResponse:
        """Pass on a read, a watch for as long as it lasts."""
        async with self._forward(request, url, api, await request.read()) as answer:
            response = web.StreamResponse(status=answer.status, headers=_kept(answer.headers))
            with contextlib.suppress(ConnectionError):  # the reader was killed
                await response.prepare(request)
                async for chunk in answer.content.iter_any():
                    await response.write(chunk)
                await response.write_eof()
            return response

    def _forward(self, request: web.Request, url: URL, api: bool, body: bytes) -> Any:
        headers = _kept(request.headers) | (self.headers() if api else {})
        return self.session.request(request.method, url, data=body or None, headers=headers, allow_redirects=False)

    def say(self, **fields: Any) -> None:
        """One line for the test to read."""
        sys.stdout.write(json.dumps({"lane": self.lane, "at": time.time(), **fields}) + "\n")
        sys.stdout.flush()


def _writes(request: web.Request, api: bool) -> bool:
    return request.method in VERBS and (api or request.path.endswith(MLFLOW_WRITES))


def _kept(headers: Any) -> dict[str, str]:
    """Headers that go on. The body goes on as it was read: decoded."""
    return {k: v for k, v in headers.items() if k.lower() not in _HOP_BY_HOP | {"content-encoding", "accept-encoding"}}


def _cut(request: web.Request) -> web.Response:
    """End the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
