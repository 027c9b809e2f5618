"""Which reader a model's requests get."""

from __future__ import annotations

from slipway_server.errors import RequestError
from slipway_server.model.bundle import Bundle
from slipway_server.model.inputs import Inputs
from slipway_server.protocols.free import FreeReader
from slipway_server.protocols.reader import Reader
from slipway_server.protocols.tables import csv_rows
from slipway_server.protocols.tables.matrix import MatrixReader
from slipway_server.protocols.tables.typed import TypedReader
from slipway_server.settings import Settings


def reader_for(bundle: Bundle, settings: Settings) -> Reader:
    """Return the strictest reader that the signature allows."""
    if bundle.signature.numeric:
        dtype = bundle.compiled.dtype if bundle.compiled is not None and bundle.compiled.matrix else "float64"
        return MatrixReader(
            bundle.signature,
            max_rows=settings.max_rows,
            missing=bundle.missing,
            dtype=dtype,
            categories=bundle.categories,
        )
    if bundle.signature.columns:
        return TypedReader(
            bundle.signature,
            max_rows=settings.max_rows,
            missing=bundle.missing,
            categories=bundle.categories,
        )
    return FreeReader(bundle.signature, max_rows=settings.max_rows, fitted=bundle.fitted)


def read(reader: Reader, headers: list[tuple[bytes, bytes]], body: bytes) -> Inputs:
    """Read an `/invocations` body by its content type. Raises `RequestError` 415 and what the reader raises."""
    kind, charset = _content_type(headers)
    if charset not in ("", "utf-8", "utf8"):
        raise RequestError(415, "Unsupported media type", f"the body is said to be {charset}; send UTF-8")
    if kind in ("", "application/json"):
        return reader.read(body)
    if kind == "text/csv":
        return _read_csv(reader, body)
    raise RequestError(
        415, "Unsupported media type", f"the body is said to be {kind!r}; send application/json or text/csv"
    )


def _read_csv(reader: Reader, body: bytes) -> Inputs:
    """Read rows of CSV by the signature's types, or as MLflow does where there is no signature of columns."""
    if isinstance(reader, FreeReader):
        return reader.read_csv(body)
    return reader.read(csv_rows.to_json(body, reader.texts if isinstance(reader, TypedReader) else ()))


def _content_type(headers: list[tuple[bytes, bytes]]) -> tuple[str, str]:
    value = next((value for name, value in headers if name == b"content-type"), b"").decode("latin-1")
    kind, _, rest = value.partition(";")
    charset = rest.strip().lower().removeprefix("charset=").strip("\"'")
    return kind.strip().lower(), charset
