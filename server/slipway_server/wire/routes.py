"""The routes: one dictionary look-up from the socket to the model."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, NamedTuple, TypeVar

import msgspec

from slipway_contract import paths
from slipway_server import __version__
from slipway_server.errors import RequestError
from slipway_server.observing import metrics
from slipway_server.protocols import answer as mlflow_answer
from slipway_server.protocols import answers
from slipway_server.protocols.answers import JSON, TEXT, Answer
from slipway_server.protocols.select import read
from slipway_server.serving.service import Service
from slipway_server.wire import requests_page
from slipway_server.wire.aside import LARGE_BYTES, LARGE_VALUES, Aside
from slipway_server.wire.bodies import coded, decoded
from slipway_server.wire.exchange import Exchange
from slipway_server.wire.routes_v2 import RoutesV2

T = TypeVar("T")
Work = Callable[[Exchange, bytes], Awaitable[Answer]]
PROBES = frozenset({paths.ALIVE, paths.READY, "/ping", "/health", "/v2/health/live", "/v2/health/ready"})


class Found(NamedTuple):
    """What answers a path: `work` a POST, `page` a GET."""

    route: str
    work: Work | None = None
    page: Callable[[], Answer] | None = None


class Routes:
    """What the server itself answers: predictions, probes, metrics and what there is to know of the model."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.aside = Aside(service.settings.max_queue)
        self.v2 = RoutesV2(service)
        self.gets: dict[str, Callable[[], Answer]] = {
            paths.ALIVE: self.livez,
            paths.READY: self.readyz,
            "/ping": self.readyz,
            "/health": self.readyz,
            "/version": lambda: Answer(200, TEXT, __version__.encode()),
            paths.METRICS: lambda: Answer(200, metrics.CONTENT_TYPE, service.metrics.render()),
            requests_page.PATH: lambda: requests_page.page(service.metrics),
            paths.EXAMPLE: self.example,
            "/slipway/info": self.info,
        }

    def find(self, path: str) -> Found:
        """What answers `path`, and what that is counted under."""
        if path == paths.INVOCATIONS:
            return Found("invocations", self.invocations)
        if self.v2.infers(path):
            return Found("v2", self.infer)
        route = "probe" if path in PROBES or path.endswith("/ready") else "other"
        return Found(route, page=self.gets.get(path) or self.v2.gets(path))

    async def __call__(self, exchange: Exchange) -> None:
        """Answer one request. Raises `RequestError` and `ClientGone`."""
        path, method = exchange.scope["path"], exchange.scope["method"]
        found = self.find(path)
        exchange.route = found.route
        if found.work and method == "POST":
            await exchange.answer(await self._worked(exchange, found.work))
            return
        exchange.arrived()
        if found.page and method in ("GET", "HEAD"):
            await exchange.answer(found.page())
        elif found.work or found.page:
            await exchange.answer(answers.wrong_method(method, "POST" if found.work else "GET"))
        else:
            await exchange.answer(answers.no_such_path(path))

    async def _worked(self, exchange: Exchange, work: Work) -> Answer:
        """The answer to a request with a body."""
        body = await exchange.body()
        flying = self.service.metrics.flying
        flying(1.0)
        try:
            headers, limit = exchange.scope["headers"], self.service.settings.max_body_bytes
            if coded(headers):
                body = await self.aside.do(len(body), partial(decoded, headers, body, limit))
            exchange.apart = len(body) > LARGE_BYTES  # until it is known how many rows that is
            return await work(exchange, body)
        finally:
            flying(-1.0)

    async def invocations(self, exchange: Exchange, body: bytes) -> Answer:
        """MLflow's scoring protocol. Raises `RequestError`."""
        model = self.service.current()
        inputs = await self._read(body, partial(read, model.reader, exchange.scope["headers"], body))
        exchange.apart = model.is_bulk(inputs.rows)
        found = await model.predict(inputs)
        content = await self._written(found, partial(mlflow_answer.encode, found))
        return Answer(200, JSON, content)

    async def infer(self, exchange: Exchange, body: bytes) -> Answer:
        """The Open Inference Protocol. Raises `RequestError`."""
        self.v2.check(exchange.scope["path"])
        model = self.service.current()
        reading = partial(self.v2.read, model, exchange.scope["headers"], body)
        request, inputs = await self._read(body, reading)
        exchange.apart = model.is_bulk(inputs.rows)
        found = await self.v2.predicted(model, request, inputs)
        return await self._written(found, partial(self.v2.answer, request, found))

    async def _read(self, body: bytes, reading: Callable[[], T]) -> T:
        """What `reading` makes of the body."""
        return await self.aside.do(len(body), reading) if len(body) > LARGE_BYTES else reading()

    async def _written(self, found: Any, writing: Callable[[], T]) -> T:
        """What `writing` makes of the model's answer."""
        size = _size(found)
        return await self.aside.do(size, writing) if size > LARGE_VALUES else writing()

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


def _size(found: Any) -> int:
    """About how many values a model's answer has."""
    if isinstance(found, dict):
        return sum(map(_size, found.values()))
    size = getattr(found, "size", None)
    if isinstance(size, int):
        return size
    return len(found) if isinstance(found, list | tuple) else 1


def _word(good: bool, otherwise: bytes) -> Answer:
    return Answer(200 if good else 503, TEXT, b"ok\n" if good else otherwise)
