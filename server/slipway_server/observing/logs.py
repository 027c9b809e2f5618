"""Structured logs: one JSON object per line on standard error, with the request's W3C trace where there is one."""

from __future__ import annotations

import logging
import re
import sys
import time

import msgspec

_TRACEPARENT = re.compile(rb"^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$")
_logger = logging.getLogger("slipway.requests")


class Lines(logging.Formatter):
    """Formats records as JSON. What is passed as `extra={"fields": {...}}` becomes keys of the object."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, without its line feed."""
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{record.msecs:03.0f}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = f"{type(record.exc_info[1]).__name__}: {record.exc_info[1]}"
            line["stack"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


def configure(level: str = "INFO") -> None:
    """Send every logger's lines to standard error as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)


def request(route: str, status: int, seconds: float, headers: list[tuple[bytes, bytes]]) -> None:
    """Log one answered request."""
    fields: dict[str, object] = {"route": route, "code": status, "seconds": round(seconds, 6), **trace(headers)}
    level = logging.ERROR if status >= 500 else logging.INFO
    _logger.log(level, "answered %d", status, extra={"fields": fields})


def problem(message: str) -> None:
    """Log what somebody should look at."""
    logging.getLogger("slipway").error(message)


def trace(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """The trace and span that the request's `traceparent` names; nothing when it's missing or malformed."""
    for name, value in headers:
        match = _TRACEPARENT.match(value) if name == b"traceparent" else None
        if match:
            return {"trace_id": match[1].decode(), "span_id": match[2].decode()}
    return {}
