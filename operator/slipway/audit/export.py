"""The log over HTTP, read-only, on the pod's loopback only: who may forward a port to the pod may read it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from aiohttp import web

from slipway.audit.checkpoint import Signer, pem
from slipway.audit.record import Head
from slipway.audit.store.protocol import Row, Store, StoreError
from slipway.words.times import stamp

PORT = 8082
PAGE = 500


class Export:
    """GET /records (JSON lines), /state (anchor, end, signed checkpoint), /key (the public key, PEM)."""

    def __init__(self, store: Store, signer: Signer | None) -> None:
        self._store, self._signer = store, signer

    def application(self) -> web.Application:
        """The routes."""
        app = web.Application()
        app.add_routes([web.get("/records", self.records), web.get("/state", self.state), web.get("/key", self.key)])
        return app

    async def records(self, request: web.Request) -> web.StreamResponse:
        """Every record after ?after=, of ?namespace= and ?release= where they are given. 503: no store."""
        after = int(request.query.get("after", "0"))
        wanted = (request.query.get("namespace"), request.query.get("release"))
        rows, response = self._store.rows(after), web.StreamResponse(headers={"Content-Type": "application/jsonl"})
        page = await self._page(rows)
        await response.prepare(request)
        while page:
            await response.write(b"".join(row.line + b"\n" for row in page if _wanted(row, wanted)))
            page = await self._page(rows)
        await response.write_eof()
        return response

    async def state(self, _: web.Request) -> web.Response:
        """What the oldest record follows, the end, and a checkpoint of it, made now."""
        try:
            anchor, head = await asyncio.to_thread(lambda: (self._store.anchor(), self._store.head()))
        except StoreError as error:
            raise web.HTTPServiceUnavailable(text=str(error)) from error
        now = stamp(datetime.now().astimezone())
        signed = self._signer.sign(head, now).text() if self._signer else None
        return web.json_response({"anchor": _head(anchor), "head": _head(head), "checkpoint": signed})

    async def key(self, _: web.Request) -> web.Response:
        """The public key. 404: none is configured."""
        if self._signer is None:
            raise web.HTTPNotFound(text="no key is configured: audit.key")
        return web.Response(text=pem(self._signer.public))

    async def _page(self, rows: Iterator[Row]) -> list[Row]:
        try:
            return await asyncio.to_thread(lambda: list(islice(rows, PAGE)))
        except StoreError as error:
            raise web.HTTPServiceUnavailable(text=str(error)) from error


def _wanted(row: Row, wanted: tuple[str | None, str | None]) -> bool:
    return all(want in (None, have) for want, have in zip(wanted, (row.namespace, row.release), strict=True))


def _head(head: Head) -> dict[str, object]:
    return {"seq": head.seq, "hash": head.hash}
