"""Reading a request's body, up to a limit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from slipway_server.errors import RequestError

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]


class ClientGone(Exception):
    """The client closed its connection before the request was whole."""


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """Return the whole body. Raises `RequestError` 413 past `limit` bytes, and `ClientGone`."""
    if declared(scope["headers"]) > limit:
        raise too_large(limit)
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGone
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            raise too_large(limit)
        more = message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def declared(headers: list[tuple[bytes, bytes]]) -> int:
    """The length that the client announced; 0 when it announced none."""
    return next((int(value) for name, value in headers if name == b"content-length" and value.isdigit()), 0)


def too_large(limit: int) -> RequestError:
    """413; the connection closes, because the rest of the body is not read."""
    error = RequestError(413, "The body is too large", f"this server takes {limit} bytes per request; split the rows")
    error.headers = ((b"connection", b"close"),)
    return error
