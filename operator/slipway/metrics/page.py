"""One page over HTTP, whole or not at all, and what went wrong in words that a person can act on."""

from __future__ import annotations

import aiohttp

CHUNK_BYTES = 64 * 1024


class Unreadable(ValueError):
    """Why a page is as good as unread, as the end of a sentence that begins with whose page it is."""


async def whole(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """The body of `response` to its end. Raises Unreadable for one of more than `limit` bytes.

    `content.read(n)` returns what has arrived so far: it is asked until it has nothing more.
    """
    body = bytearray()
    while chunk := await response.content.read(CHUNK_BYTES):
        body += chunk
        if len(body) > limit:
            raise Unreadable(f"is larger than {limit // 1024**2} MiB")
    return bytes(body)


def in_words(error: Exception, seconds: float) -> str:
    """What `error` says of a request that was given `seconds`."""
    if isinstance(error, TimeoutError):
        return f"did not answer within {seconds:g} s"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"has a name that cannot be resolved ({error.host})"
    if isinstance(error, aiohttp.ClientConnectorError):
        refused = isinstance(error.os_error, ConnectionRefusedError)
        return "refused the connection" if refused else f"cannot be reached ({type(error.os_error).__name__})"
    if isinstance(error, aiohttp.ClientError):
        return f"broke the connection off ({type(error).__name__})"
    return f"{error}"[:200]
