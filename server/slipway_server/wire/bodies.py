"""Reading a request's body, up to a limit."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable
from typing import Any

from slipway_server.errors import ClientGone, RequestError

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]


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


def decoded(headers: list[tuple[bytes, bytes]], body: bytes, limit: int) -> bytes:
    """Undo the body's Content-Encoding. Raises `RequestError` 400, 413 past `limit` bytes, 415 for an unknown one."""
    coding = coded(headers)
    if not coding:
        return body
    if coding not in (b"gzip", b"deflate"):
        raise RequestError(
            415, "Unsupported encoding", f"{coding.decode('latin-1')[:50]!r}; send gzip, deflate or none"
        )
    stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        found = stream.decompress(body, limit + 1)
    except zlib.error as error:
        raise RequestError(400, "The body is damaged", f"its {coding.decode()} can't be read: {error}") from error
    if len(found) > limit:
        raise too_large(limit)
    if not stream.eof:
        raise RequestError(400, "The body is damaged", f"its {coding.decode()} ends too early")
    return found


def coded(headers: list[tuple[bytes, bytes]]) -> bytes:
    """The body's Content-Encoding in lower case; empty for a body that is sent as it is."""
    coding = next((value.strip().lower() for name, value in headers if name == b"content-encoding"), b"")
    return b"" if coding == b"identity" else coding


def declared(headers: list[tuple[bytes, bytes]]) -> int:
    """The length that the client announced; 0 when it announced none."""
    return next((int(value) for name, value in headers if name == b"content-length" and value.isdigit()), 0)


def too_large(limit: int) -> RequestError:
    """413; the connection closes, because the rest of the body is not read."""
    error = RequestError(413, "The body is too large", f"this server takes {limit} bytes per request; split the rows")
    error.headers = ((b"connection", b"close"),)
    return error
