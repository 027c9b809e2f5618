"""Entries to record, for tests of the audit log."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from slipway.api.outbox import Entry
from slipway.audit.checkpoint import Signer
from slipway.audit.record import Letter, Source

SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(32)))


def letter(number: int, uid: str = "uid-1", release: str = "cancer") -> Letter:
    """Entry `number` of the object `uid`."""
    entry = Entry(
        seq=number,
        at=f"2026-01-01T00:00:{number % 60:02}Z",
        action="Flipped",
        revision=f"{release}-r1",
        digests={"model": "sha256:" + "a" * 64},
        actor="alice",
        reason=f"because of {number}: ünïcödé",
        from_="Promoting",
        to="Watching",
        details={"seconds": "0.25"},
        evidence={"smoke": "b" * 64},
    )
    return Letter(Source("demo", release, uid), entry)


def letters(count: int, uid: str = "uid-1") -> list[Letter]:
    """The first `count` entries of one object."""
    return [letter(number, uid) for number in range(1, count + 1)]
