"""`slipway-server fetch`: download, verify, prepare, report."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import msgspec

from slipway_server.errors import ModelError
from slipway_server.fetch import libraries, report
from slipway_server.fetch.download import pins, source
from slipway_server.fetch.prepare import prepare
from slipway_server.model import bundle as bundles
from slipway_server.model.bundle import Bundle
from slipway_server.settings import Settings


class Order(msgspec.Struct, frozen=True):
    """The command line of one fetch."""

    model: str
    out: Path
    expect_digest: str | None = None
    pin_file: str | None = None
    report: str = ""
    libraries: bool = False


def fetch(order: Order, settings: Settings) -> int:
    """Fetch and report; return the exit code: 0, 1 (try again) or 3 (no use to try again)."""
    try:
        found = _fetch(order, settings, time.monotonic())
    except ModelError as error:
        outcome = report.failure(error)
        code = 1 if error.retryable else 3
    except OSError as error:
        outcome = report.failure(ModelError("Invalid", f"{order.out}: {error}; is it writable, and is there room?"))
        code = 3
    else:
        outcome = _success(found, order.out)
        code = 0
    report.write(order.report, outcome)
    sys.stderr.write(report.encode(outcome).decode() + "\n")
    return code


def _fetch(order: Order, settings: Settings, started: float) -> Bundle:
    version = source.download(order.model, order.out)
    digest = pins.verify(order.out, order.expect_digest, order.pin_file)
    prepared = prepare(order.out, digest, settings)
    if order.libraries and prepared.kind == "native":
        libraries.copy(order.out, prepared)
    prepared = msgspec.structs.replace(
        prepared,
        seconds=round(time.monotonic() - started, 3),
        name=source.name_of(order.model),
        version=version,
    )
    bundles.write(order.out, prepared)
    return prepared


def _success(found: Bundle, out: Path) -> dict[str, object]:
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    return {
        "ok": True,
        "digest": found.digest,
        "bytes": size,
        "seconds": found.seconds,
        "compile_seconds": found.compile_seconds,
        "flavor": found.flavor,
        "compiled": found.kind == "onnx",
        "why": found.why,
        "proof": found.proof,
    }
