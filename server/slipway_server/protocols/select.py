"""Which reader a model's requests get."""

from __future__ import annotations

from slipway_server.bundle import Bundle
from slipway_server.protocols.free import FreeReader
from slipway_server.protocols.matrix import MatrixReader
from slipway_server.protocols.reader import Reader
from slipway_server.settings import Settings


def reader_for(bundle: Bundle, settings: Settings) -> Reader:
    """Return the strictest reader that the signature allows."""
    if bundle.signature.numeric:
        return MatrixReader(bundle.signature, max_rows=settings.max_rows, allow_missing=bundle.allow_missing)
    return FreeReader(max_rows=settings.max_rows)
