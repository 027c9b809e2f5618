"""The hot routes, as plain ASGI: one dictionary look-up from the socket to the model."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any, NamedTuple

from slipway_server import metrics, problem
from slipway_server.errors import RequestError
from slipway_server.service import Service

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
JSON = b"application/json"


class Answer(NamedTuple):
    """One whole answer."""

    status: int
    kind: bytes
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


class ClientGone(Exception):
    """The client closed its connection before the request was whole."""


class Hot:
    """Answers `/invocations` and the probes."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.identity: Headers = [
            (b"x-model-version", service.settings.model_version.encode()),
            (b"x-slipway-revision", service.settings.revision.encode()),
        ]
        self.handlers: dict[str, Callable[[Scope, Receive, Send], Awaitable[None]]] = {
            "/invocations": self.invocations,
            "/livez": self.livez,
            "/readyz": self.readyz,
            "/ping": self.readyz,
            "/health": self.readyz,
            "/metrics": self.metrics,
        }

    async def invocations(self, scope: Scope, receive: Receive, send: Send) -> None:
        """MLflow's scoring protocol."""
        started = perf_counter()
        counters = self.service.metrics
        counters.in_flight.inc()
        status = 499
        try:
            body = await read_body(scope, receive, self.service.settings.max_body_bytes)
            answer = Answer(200, JSON, await self.service.current().invoke(body))
            status = 200
        except RequestError as error:
            status = error.status
            answer = Answer(status, problem.CONTENT_TYPE, problem.encode(error), error.headers)
        except ClientGone:
            return
        finally:
            counters.in_flight.dec()
            counters.observe("invocations", status, perf_counter() - started)
        await self.respond(scope, send, answer)

    async def livez(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """200 while a restart would not help."""
        alive = self.service.alive
        await self.respond(scope, send, _word(alive, b"stuck\n"))

    async def readyz(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """200 once the model answered its own example, until the process drains."""
        ready = self.service.ready
        await self.respond(scope, send, _word(ready, b"not ready\n"))

    async def metrics(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Prometheus' text."""
        await self.respond(scope, send, Answer(200, metrics.CONTENT_TYPE, self.service.metrics.render()))

    async def respond(self, scope: Scope, send: Send, answer: Answer) -> None:
        """Send one whole answer, with the headers that every answer carries."""
        status, kind, body, extra = answer
        headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), *self.identity, *extra]
        if closing(scope, self.service):
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _word(good: bool, otherwise: bytes) -> Answer:
    return Answer(200 if good else 503, b"text/plain", b"ok\n" if good else otherwise)


def closing(scope: Scope, service: Service) -> bool:
    """Whether this answer should be its connection's last: the process drains, or the connection is old enough."""
    connection = scope.get("slipway.connection")
    return service.draining or (connection is not None and connection.expired())


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """Return the whole body. Raises `RequestError` 413 past `limit` bytes and `ClientGone`."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if message["type"] == "http.request" and not message.get("more_body") and len(body) <= limit:
        return body
    parts = [body]
    size = len(body)
    while message["type"] == "http.request" and message.get("more_body"):
        if size > limit or _declared(scope) > limit:
            break
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
    if message["type"] != "http.request":
        raise ClientGone
    if size > limit or _declared(scope) > limit:
        error = RequestError(
            413, "The body is too large", f"this server takes {limit} bytes per request; split the rows"
        )
        error.headers = ((b"connection", b"close"),)
        raise error
    return b"".join(parts)


def _declared(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0
