"""Pure: the records of the audit log and the chain that they form.

A record is JSON; its `hash` is the SHA-256 of its canonical form (RFC 8785) without `hash` itself, and `prev` is the
hash of the record before it. So no record can be changed, removed, added or moved without a later hash being wrong.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import rfc8785

from slipway.api.outbox import Entry

GENESIS = "0" * 64
"""What stands before the first record."""

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Source:
    """The object that an entry lies in."""

    namespace: str
    release: str
    uid: str
    """The object's uid: names can be used again, uids cannot."""


@dataclass(frozen=True)
class Letter:
    """An entry with the object that it lies in: all that a record is made from."""

    source: Source
    entry: Entry

    @property
    def identity(self) -> tuple[str, int]:
        """What the log may hold only once."""
        return self.source.uid, self.entry.seq


@dataclass(frozen=True)
class Head:
    """The end of a chain."""

    seq: int = 0
    hash: str = GENESIS


def seal(head: Head, letter: Letter) -> dict[str, Any]:
    """The record of `letter` as the next one after `head`."""
    entry, source = letter.entry.wire(), letter.source
    record = {
        "seq": head.seq + 1,
        "time": entry["at"],
        "namespace": source.namespace,
        "release": source.release,
        "revision": entry["revision"],
        "digests": entry["digests"],
        "action": entry["action"],
        "from": entry.get("from"),
        "to": entry.get("to"),
        "actor": entry["actor"],
        "reason": entry["reason"],
        "effect": entry.get("effect"),
        "outcome": entry["outcome"],
        "details": entry["details"],
        "evidence": entry["evidence"],
        "source": {"uid": source.uid, "seq": entry["seq"]},
        "prev": head.hash,
    }
    return {**record, "hash": digest(record)}


def sealed(head: Head, letters: Iterable[Letter]) -> list[dict[str, Any]]:
    """The records of `letters`, one after the other, after `head`."""
    records = []
    for letter in letters:
        records.append(seal(head, letter))
        head = head_of(records[-1])
    return records


def head_of(record: Record) -> Head:
    """The chain's end where `record` is its last."""
    return Head(record["seq"], record["hash"])


def digest(record: Record) -> str:
    """The hash that `record` should have. Raises rfc8785.CanonicalizationError for what is not canonical JSON."""
    return hashlib.sha256(canonical({k: v for k, v in record.items() if k != "hash"})).hexdigest()


def canonical(value: Mapping[str, Any]) -> bytes:
    """`value` in the one form that RFC 8785 gives it. Raises rfc8785.CanonicalizationError."""
    return rfc8785.dumps(dict(value))
