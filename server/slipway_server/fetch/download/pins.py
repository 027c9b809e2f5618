"""Holding a download to its pinned digest. Fails closed."""

from __future__ import annotations

from pathlib import Path

from slipway_server.errors import ModelError
from slipway_server.model.digest import UnhashableError, manifest_digest


def verify(directory: Path, expected: str | None, pin_file: str | None) -> str:
    """Return the digest of `directory`. Raises `ModelError` DigestMismatch when a pin says otherwise."""
    try:
        digest = manifest_digest(directory)
    except UnhashableError as error:
        raise ModelError("Invalid", str(error)) from error
    for source, pin in (("--expect-digest", expected or ""), (str(pin_file), _pinned(pin_file))):
        if pin and pin != digest:
            raise ModelError(
                "DigestMismatch",
                f"the artifacts downloaded to {directory} have digest {digest}, but {source} pins {pin}; "
                "someone changed the model's files after it was pinned: register the change as a new version",
            )
    return digest


def _pinned(pin_file: str | None) -> str:
    if not pin_file:
        return ""
    try:
        return Path(pin_file).read_text().strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError("Invalid", f"the pin file {pin_file} can't be read: {error}; mount it readable") from error
