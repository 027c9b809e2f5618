"""uvicorn's HTTP/1.1, taught how old a connection may be, how slow a client, and how many there may be."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from slipway_server.settings import Settings


class Connection(HttpToolsProtocol):
    """One client's connection. `settings` is set once per process by `protocol`."""

    settings: Settings

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note when the connection began, and refuse it past the limit."""
        super().connection_made(transport)
        now = self.loop.time()
        self.expires = now + self.settings.connection_age_seconds * random.uniform(0.8, 1.2)
        self.waiting_since: float | None = now
        if len(self.connections) > self.settings.max_connections:
            transport.close()

    def expired(self) -> bool:
        """Whether the connection has had its time, so that its client should come again and be routed afresh."""
        return self.loop.time() > self.expires

    def on_message_begin(self) -> None:
        """A request begins: give the routes a way to ask about its connection."""
        super().on_message_begin()
        self.waiting_since = self.loop.time()
        self.scope["slipway.connection"] = self  # type: ignore[typeddict-unknown-key]

    def on_message_complete(self) -> None:
        """The request is whole: from here on only we can be slow."""
        self.waiting_since = None
        super().on_message_complete()

    def too_slow(self, now: float) -> bool:
        """Whether the client has taken too long to send a whole request."""
        return self.waiting_since is not None and now - self.waiting_since > self.settings.request_read_seconds


def protocol(settings: Settings) -> type[Connection]:
    """The connection class for these settings."""
    return type("Connection", (Connection,), {"settings": settings})


def sweep(connections: set[Any], now: float) -> int:
    """Cut the connections whose clients are too slow; return how many. `now` is the event loop's time."""
    slow = [connection for connection in connections if connection.too_slow(now)]
    for connection in slow:
        connection.transport.abort()
    return len(slow)
