"""problem+json (RFC 9457): every answer that is not a prediction says what was wrong, where, and what to do."""

from __future__ import annotations

from typing import Any

import msgspec

from slipway_server.errors import RequestError

CONTENT_TYPE = b"application/problem+json"
MOST = 2000
"""Characters of a text that repeats what the client sent."""


def encode(error: RequestError) -> bytes:
    """Return the body of a problem answer."""
    detail = error.detail[:MOST].encode(errors="replace").decode()
    body: dict[str, Any] = {"type": "about:blank", "title": error.title, "status": error.status, "detail": detail}
    if error.field is not None:
        body["field"] = error.field[:MOST]
    body["error"] = detail  # where clients of the Open Inference Protocol look
    return msgspec.json.encode(body)


def not_ready(detail: str) -> RequestError:
    """503: the model is not there yet, or not any more."""
    return RequestError(503, "Not ready", detail)
