"""The application: FastAPI for the pages that people read, with the server's own routes in front of it."""

from __future__ import annotations

import asyncio
from typing import Any

from slipway_server.bodies import Receive, Scope
from slipway_server.routes import Routes, Send, closing
from slipway_server.service import Service

_PAGES = frozenset({"/docs", "/openapi.json", "/redoc", "/docs/oauth2-redirect"})


class Application:
    """The ASGI application of one process. FastAPI is imported when the first page is asked for: few pods ever are."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.routes = Routes(service)
        self.pages: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["path"] in _PAGES:
            await (await self._documentation())(scope, receive, self._stamped(scope, send))
        else:
            await self.routes(scope, receive, send)

    async def _documentation(self) -> Any:
        if self.pages is None:
            from slipway_server import documentation

            self.pages = await asyncio.to_thread(documentation.application, self.service)
        return self.pages

    def _stamped(self, scope: Scope, send: Send) -> Send:
        async def stamped(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *self.service.identity]
                if closing(scope, self.service):
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        return stamped
