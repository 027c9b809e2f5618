"""A client that shows what is on the wire."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any, NamedTuple

from slipway_server.serving.service import Service
from slipway_server.wire.server import Server

JSON = {"content-type": "application/json"}


class Reply(NamedTuple):
    """An answer; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


class Client:
    """Asks one server, each time on a new connection."""

    def __init__(self, service: Service, server: Server) -> None:
        self.service = service
        self.server = server

    @property
    def port(self) -> int:
        """Where the server listens."""
        return int(self.server.servers[0].sockets[0].getsockname()[1])

    def ready(self, patience: float = 60.0) -> Client:
        """Wait until the model serves, and return this client."""
        until = time.monotonic() + patience
        while not (self.service.ready and self.server.started):
            assert time.monotonic() < until, "the server does not become ready"
            assert self.server.failure is None, self.server.failure
            time.sleep(0.01)
        return self

    def ask(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Reply:
        """Send one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, found, answer.read())
        finally:
            connection.close()

    def get(self, path: str) -> Reply:
        """GET."""
        return self.ask("GET", path)

    def post(self, path: str, body: Any, **headers: str) -> Reply:
        """POST; anything but bytes is sent as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", path, content, JSON | named)

    def predict(self, body: Any, **headers: str) -> Reply:
        """POST to /invocations."""
        return self.post("/invocations", body, **headers)
