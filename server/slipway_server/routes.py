"""The routes, as plain ASGI: one dictionary look-up from the socket to the model."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

import msgspec

from slipway_server import __version__, answers, metrics
from slipway_server.answers import JSON, TEXT, Answer
from slipway_server.bodies import ClientGone, Receive, Scope, decoded, read_body
from slipway_server.errors import RequestError
from slipway_server.protocols import answer as mlflow_answer
from slipway_server.protocols.select import read
from slipway_server.routes_v2 import RoutesV2
from slipway_server.service import Service

Send = Callable[[dict[str, Any]], Awaitable[None]]
Work = Callable[[Scope, bytes], Awaitable[Answer]]


class Routes:
    """What the server itself answers: predictions, probes, metrics and what there is to know of the model."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.v2 = RoutesV2(service)
        self.posts: dict[str, Work] = {"/invocations": self.invocations}
        self.gets: dict[str, Callable[[], Answer]] = {
            "/livez": self.livez,
            "/readyz": self.readyz,
            "/ping": self.readyz,
            "/health": self.readyz,
            "/version": lambda: Answer(200, TEXT, __version__.encode()),
            "/metrics": lambda: Answer(200, metrics.CONTENT_TYPE, service.metrics.render()),
            "/slipway/example": self.example,
            "/slipway/info": self.info,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path, method = scope["path"], scope["method"]
        work = self.posts.get(path) or self.v2.posts(path)
        page = None if work else self.gets.get(path) or self.v2.gets(path)
        if work and method == "POST":
            await self._work(scope, receive, send, work)
        elif page and method in ("GET", "HEAD"):
            await self.respond(scope, send, _shown(page))
        elif work or page:
            await self.respond(scope, send, answers.wrong_method(method, "POST" if work else "GET"))
        else:
            await self.respond(scope, send, answers.no_such_path(path))

    async def _work(self, scope: Scope, receive: Receive, send: Send, work: Work) -> None:
        """Read the body, answer it, count it."""
        try:
            body = await read_body(scope, receive, self.service.settings.max_body_bytes)
            body = decoded(scope["headers"], body, self.service.settings.max_body_bytes)
            await self._predict(scope, send, work, body)
        except RequestError as error:
            self.service.done(_route(scope), error.status, 0.0, scope["headers"])
            await self.respond(scope, send, answers.of_error(error))
        except ClientGone:
            self.service.done(_route(scope), 499, 0.0, scope["headers"])

    async def _predict(self, scope: Scope, send: Send, work: Work, body: bytes) -> None:
        started = perf_counter()
        self.service.metrics.flying(1.0)
        try:
            answer = await work(scope, body)
        except RequestError as error:
            answer = answers.of_error(error)
        finally:
            self.service.metrics.flying(-1.0)
        self.service.done(_route(scope), answer.status, perf_counter() - started, scope["headers"])
        await self.respond(scope, send, answer)

    async def invocations(self, scope: Scope, body: bytes) -> Answer:
        """MLflow's scoring protocol. Raises `RequestError`."""
        model = self.service.current()
        inputs = read(model.reader, scope["headers"], body)
        return Answer(200, JSON, mlflow_answer.encode(await model.predict(inputs)))

    def livez(self) -> Answer:
        """200 while a restart would not help."""
        return _word(self.service.alive, b"stuck\n")

    def readyz(self) -> Answer:
        """200 once the model answered its own example, until the process drains."""
        return _word(self.service.ready, b"not ready\n")

    def example(self) -> Answer:
        """The model's own input example, ready to be sent to `/invocations`. Raises `RequestError` 404."""
        found = self.service.current().bundle.example
        if found is None:
            raise RequestError(404, "No input example", "the model was logged without input_example; log it with one")
        return Answer(200, JSON, msgspec.json.encode(found))

    def info(self) -> Answer:
        """What is served here, and why so. Raises `RequestError` 503 while the model loads."""
        bundle, settings = self.service.current().bundle, self.service.settings
        found: dict[str, Any] = msgspec.to_builtins(bundle)
        del found["example"]
        how = found.pop("compiled")
        found.update(compiled=bundle.kind == "onnx", inputs=how, name=self.service.name)
        found.update(version=self.service.version, revision=settings.revision)
        return Answer(200, JSON, msgspec.json.encode(found))

    async def respond(self, scope: Scope, send: Send, answer: Answer) -> None:
        """Send one whole answer, with the headers that every answer carries."""
        status, kind, body, extra = answer
        headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), *self.service.identity, *extra]
        if closing(scope, self.service):
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _shown(page: Callable[[], Answer]) -> Answer:
    try:
        return page()
    except RequestError as error:
        return answers.of_error(error)


def _route(scope: Scope) -> str:
    return "v2" if scope["path"].startswith("/v2") else "invocations"


def _word(good: bool, otherwise: bytes) -> Answer:
    return Answer(200 if good else 503, TEXT, b"ok\n" if good else otherwise)


def closing(scope: Scope, service: Service) -> bool:
    """Whether this answer should be its connection's last: the process drains, or the connection is old enough."""
    connection = scope.get("slipway.connection")
    return service.draining or (connection is not None and connection.expired())
