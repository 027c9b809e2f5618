"""The application: FastAPI for the pages that people read, with the server's own routes in front of it."""

from __future__ import annotations

import asyncio
from typing import Any

from slipway_server.errors import ClientGone, RequestError
from slipway_server.foreign import contained
from slipway_server.protocols import answers
from slipway_server.protocols.problem import not_ready
from slipway_server.serving.service import Service
from slipway_server.wire.bodies import Receive, Scope
from slipway_server.wire.exchange import Exchange, Send
from slipway_server.wire.routes import Routes

_PAGES = frozenset({"/docs", "/openapi.json"})


class Application:
    """The ASGI application of one process. FastAPI is imported when the first page is asked for: few pods ever are."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.routes = Routes(service)
        self.pages: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens on the way."""
        exchange = Exchange(self.service, scope, receive, send)
        try:
            await contained(self._answer(exchange))
        except RequestError as error:
            await self._refuse(exchange, error)
        except ClientGone:
            exchange.gone()
        except asyncio.CancelledError:
            await self._refuse(exchange, not_ready("the server ends; ask again"))
            raise

    async def _answer(self, exchange: Exchange) -> None:
        if exchange.scope["path"] in _PAGES:
            exchange.arrived()
            await (await self._documentation())(exchange.scope, exchange.receive, exchange.send)
        else:
            await self.routes(exchange)

    async def _refuse(self, exchange: Exchange, error: RequestError) -> None:
        if exchange.begun:
            raise error  # half an answer is out: uvicorn ends the connection, so that nobody takes it for a whole one
        exchange.apart = exchange.apart or error.apart
        await exchange.answer(answers.of_error(error))

    async def _documentation(self) -> Any:
        if self.pages is None:
            from slipway_server.wire.documents import openapi

            self.pages = await asyncio.to_thread(openapi.application, self.service)
        return self.pages
