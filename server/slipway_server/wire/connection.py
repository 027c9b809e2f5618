"""uvicorn's HTTP/1.1, taught how old a connection may be, how slow a client, how many there may be, and a fast lane."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from slipway_server.errors import RequestError
from slipway_server.protocols import answers
from slipway_server.protocols.answers import Counted
from slipway_server.serving.service import Took
from slipway_server.settings import Settings
from slipway_server.wire.lane import PATH, Lane

_UPGRADE = frozenset({b"upgrade", b"http2-settings", b"connection"})


class Connection(HttpToolsProtocol):
    """One client's connection. `settings` and `lane` are set once per process by `protocol`."""

    settings: Settings
    lane: Lane
    parts: list[bytes] | None = None  # the body so far of a request for the lane
    in_lane = False
    upgrading = False
    refused = False  # what came was no HTTP, and the client has been told

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note when the connection began, and keep to the limit."""
        super().connection_made(transport)
        now = self.loop.time()
        self.expires = now + self.settings.connection_age_seconds * random.uniform(0.7, 1.0)
        self.waiting_since: float | None = now
        self.idle = True
        if len(self.connections) > self.settings.max_connections:
            self._make_room()

    def _make_room(self) -> None:
        """Close a connection that is idle, so that a crowd of those keeps nobody out; the new one, if all are busy."""
        others = (each for each in self.connections if isinstance(each, Connection) and each.idle and each is not self)
        closed = next(others, self)
        closed.idle = False
        closed.transport.close()

    def expired(self) -> bool:
        """Whether the connection has had its time, so that its client should come again and be routed afresh."""
        return self.loop.time() >= self.expires

    def overdue(self, now: float) -> bool:
        """Whether the client has kept us waiting too long: for a whole request, or for its next one."""
        limit = self.settings.idle_seconds if self.idle else self.settings.request_read_seconds
        return self.waiting_since is not None and now - self.waiting_since > limit

    def data_received(self, data: bytes) -> None:
        """Bytes of the client. A wish for another protocol is ignored (RFC 9110, 7.8), its request answered."""
        self._unset_keepalive_if_required()
        rest: bytes | memoryview = data
        try:
            while rest:
                try:
                    self.parser.feed_data(rest)
                    return
                except httptools.HttpParserUpgrade as upgrade:
                    rest = memoryview(rest)[upgrade.args[0] :]
                    self._begin_again()
        except httptools.HttpParserError:
            self.send_400_response("This is no valid request.")

    def _begin_again(self) -> None:
        """The parser takes what follows an upgrade for another protocol, so a new one gets the head without it."""
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())]
        lines += [b"%b: %b" % pair for pair in self.headers if pair[0] not in _UPGRADE]
        if any(name == b"connection" and b"close" in value.lower() for name, value in self.headers):
            lines.append(b"connection: close")
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.upgrading = False
        self.parser.feed_data(b"\r\n".join([*lines, b"", b""]))

    def on_message_begin(self) -> None:
        """A request begins. What uvicorn prepares for the application is put off until it's known to go there."""
        if self.in_lane:
            self.lane.flush()  # a second request of this connection: answers keep the order of their requests
        self.idle = False
        self.waiting_since = self.loop.time()
        self.url = b""
        self.headers = []
        self.expect_100_continue = False

    def on_headers_complete(self) -> None:
        """Choose the lane."""
        if self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT":
            self.upgrading = True
        elif self.url == PATH and self._free() and self.lane.takes(self.headers) and self._lasting():
            self.parts = []
        else:
            self._to_application()

    def _to_application(self) -> None:
        """Hand the request over, and give the routes a way to ask about its connection."""
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers += headers
        self.scope["slipway.connection"] = self  # type: ignore[typeddict-unknown-key]
        super().on_headers_complete()

    def _free(self) -> bool:
        """Whether nothing is under way on this connection: no answer before this one, no client that does not read."""
        return (self.cycle is None or self.cycle.response_complete) and not self.flow.write_paused

    def _lasting(self) -> bool:
        post = self.parser.get_method() == b"POST"
        return post and self.parser.should_keep_alive() and not self.expect_100_continue

    def on_body(self, body: bytes) -> None:
        """Collect the body."""
        if self.parts is None:
            super().on_body(body)
        else:
            self.parts.append(body)

    def on_message_complete(self) -> None:
        """The request is whole: from here on only we can be slow."""
        if self.upgrading:
            return
        self.waiting_since = None
        if self.parts is not None:
            body = self.parts[0] if len(self.parts) == 1 else b"".join(self.parts)
            self.parts, self.in_lane = None, True
            if self.lane.enter(self.headers, body, self.reply):
                return
            self.in_lane = False
            self._to_application()
            super().on_body(body)
        super().on_message_complete()

    def reply(self, answer: Counted) -> None:
        """Write the answer of the lane."""
        self.in_lane = False
        if self.transport.is_closing():
            return
        now = self.loop.time()
        close = now >= self.expires or self.lane.service.draining
        self.transport.write(self.lane.written(answer, self.server_state.default_headers, close=close))
        if close:
            self.transport.close()
        self.waiting_since, self.idle = now, True

    def send_400_response(self, msg: str) -> None:
        """What was sent is no HTTP. It is counted like any answer, and comes after those to requests before it."""
        self.lane.flush()
        if self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body:
            self.cycle.keep_alive = False  # a good request came before: its answer is the last
            self.flow.pause_reading()
            return
        error = RequestError(400, "Bad request", f"{msg} The connection is closed; send HTTP/1.1.")
        self.expires, self.refused = 0.0, True
        self.reply(self.lane.service.counted(answers.of_error(error), Took("other", 0.0, [])))

    def shutdown(self) -> None:
        """The server ends: what waits in the lane is answered first."""
        self.lane.flush()
        super().shutdown()

    def on_response_complete(self) -> None:
        """An answer of the application has been written."""
        super().on_response_complete()
        if not self.pipeline:
            self.waiting_since, self.idle = self.loop.time(), True


def protocol(settings: Settings, lane: Lane) -> type[Connection]:
    """The connection class of a process."""
    return type("Connection", (Connection,), {"settings": settings, "lane": lane})


def sweep(connections: set[Any], now: float) -> int:
    """Cut the connections that are overdue; return how many were in the middle of a request. `now`: the loop's time."""
    late = [connection for connection in connections if connection.overdue(now)]
    for connection in late:
        if connection.idle:
            connection.transport.close()
        else:
            connection.transport.abort()
    return sum(not connection.idle for connection in late)
