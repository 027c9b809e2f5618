"""The application: FastAPI for everything that people read, with the hot routes in front of it."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from slipway_server import __version__, problem
from slipway_server.errors import RequestError
from slipway_server.routes import Hot, Receive, Scope, Send, closing
from slipway_server.service import Service


class Application:
    """The ASGI application of one process."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.hot = Hot(service)
        self.handlers = self.hot.handlers
        self.pages = pages(service)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        handler = self.handlers.get(scope["path"]) if scope["type"] == "http" else None
        if handler is not None:
            await handler(scope, receive, send)
        else:
            await self.pages(scope, receive, self._stamped(scope, send))  # type: ignore[arg-type]

    def _stamped(self, scope: Scope, send: Send) -> Send:
        async def stamped(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *self.hot.identity]
                if closing(scope, self.service):
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        return stamped


def pages(service: Service) -> FastAPI:
    """The routes that are asked seldom."""
    app = FastAPI(title=service.settings.model_name or "slipway-server", version=__version__)

    @app.exception_handler(RequestError)
    async def problems(_request: Any, error: RequestError) -> Response:
        return Response(problem.encode(error), error.status, media_type=problem.CONTENT_TYPE.decode())

    @app.get("/version", response_class=PlainTextResponse)
    async def version() -> str:
        return __version__

    @app.get("/slipway/example")
    async def example() -> Response:
        found = service.current().bundle.example
        if found is None:
            raise RequestError(404, "No input example", "the model was logged without input_example; log it with one")
        return JSONResponse(found)

    @app.get("/slipway/info")
    async def info() -> Response:
        return JSONResponse(about(service))

    return app


def about(service: Service) -> dict[str, Any]:
    """What is served here, and why so. Raises `RequestError` 503 while the model loads."""
    import msgspec

    bundle = service.current().bundle
    settings = service.settings
    found: dict[str, Any] = msgspec.to_builtins(bundle)
    found.pop("example")
    found.update(compiled=bundle.kind == "onnx", name=settings.model_name, version=settings.model_version)
    found["revision"] = settings.revision
    return found
