"""One request to the application and its one answer, which is counted as it is sent, whoever made it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

from slipway_server.protocols.answers import Answer
from slipway_server.serving.service import Service, Took
from slipway_server.wire.bodies import Receive, Scope, read_body

Send = Callable[[dict[str, Any]], Awaitable[None]]
CLIENT_GONE = 499


class Exchange:
    """Holds the only way to the client. `route` is what the answer is counted under, `apart` as in `RequestError`."""

    def __init__(self, service: Service, scope: Scope, receive: Receive, send: Send) -> None:
        self.service = service
        self.scope = scope
        self.receive = receive
        self._send = send
        self.route = "other"
        self.since: float | None = None
        self.apart = False
        self.begun = False

    def arrived(self) -> None:
        """The request is whole: from here on its time is counted."""
        self.since = perf_counter()

    async def body(self) -> bytes:
        """The whole body. Raises `RequestError` 413 and `ClientGone`."""
        found = await read_body(self.scope, self.receive, self.service.settings.max_body_bytes)
        self.arrived()
        return found

    async def answer(self, answer: Answer) -> None:
        """Send one whole answer."""
        status, kind, body, extra = answer
        headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), *extra]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": b"" if self.scope["method"] == "HEAD" else body})

    async def send(self, message: dict[str, Any]) -> None:
        """ASGI's `send`, with the headers that every answer carries."""
        if message["type"] == "http.response.start":
            self.begun = True
            self._count(message["status"])
            message["headers"] = [*message.get("headers", ()), *self.service.identity]
            if self._closing():
                message["headers"].append((b"connection", b"close"))
        await self._send(message)

    def gone(self) -> None:
        """The client left before its request was whole, or was told that it is none."""
        connection = self.scope.get("slipway.connection")
        if connection is None or not connection.refused:
            self._count(CLIENT_GONE)

    def _count(self, status: int) -> None:
        seconds = perf_counter() - self.since if self.since is not None else 0.0
        self.service.done(status, Took(self.route, seconds, self.scope["headers"], self.apart))

    def _closing(self) -> bool:
        """Whether this answer should be its connection's last: the process drains, or the connection is old enough."""
        connection = self.scope.get("slipway.connection")
        return self.service.draining or (connection is not None and connection.expired())
