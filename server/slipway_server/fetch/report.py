"""The report that fetching leaves for the operator: at most 4 KiB of JSON, the size of a termination message."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import msgspec

from slipway_contract.fetching import MOST_BYTES
from slipway_server.errors import ModelError


def failure(error: ModelError) -> dict[str, Any]:
    """Return the report of a failed fetch."""
    message = " ".join(error.message.split())
    return {"ok": False, "reason": error.reason, "message": message[:1500], "retryable": error.retryable}


def encode(report: dict[str, Any]) -> bytes:
    """Return the report as JSON of at most `MOST_BYTES`; the least needed parts go first."""
    body = msgspec.json.encode(report)
    for key in ("proof", "why"):
        if len(body) > MOST_BYTES and key in report:
            report = {name: value for name, value in report.items() if name != key}
            body = msgspec.json.encode(report)
    return body


def write(path: str, report: dict[str, Any]) -> None:
    """Write the report to `path`, if given. A place that can't be written is no reason to fail."""
    if path:
        with contextlib.suppress(OSError):
            Path(path).write_bytes(encode(report))
