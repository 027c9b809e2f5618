"""What the audit log asks of the place that its records lie in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any, Protocol

from slipway.audit.record import Head, Letter


class StoreError(Exception):
    """The store did not do what it was asked: wait and retry. The text says what happened."""


@dataclass(frozen=True)
class Appended:
    """What became of letters that were brought to the store. All of them are there now."""

    records: tuple[Mapping[str, Any], ...]
    """Those that are new, in their order."""
    head: Head


@dataclass(frozen=True)
class Row:
    """One record as it lies in the store: its text, and the columns that make it findable."""

    seq: int
    hash: str
    prev: str
    uid: str
    source_seq: int
    namespace: str
    release: str
    body: str
    """The record as canonical JSON, its hash included."""

    @property
    def line(self) -> bytes:
        """The record as a line of an export. One whose columns say something else was edited, and so is its line."""
        body = self.body.encode(errors="surrogateescape")
        return body if self._agrees() else b"the columns say something else: " + body

    def _agrees(self) -> bool:
        try:
            record = json.loads(self.body)
            source = record["source"]
            told = (record["seq"], record["hash"], record["prev"], source["uid"], source["seq"])
            return (*told, record["namespace"], record["release"]) == astuple(self)[:-1]
        except (ValueError, TypeError, KeyError):
            return False


class Store(Protocol):
    """A chain of records. Every method blocks, and raises StoreError within the store's time limits."""

    def append(self, letters: Sequence[Letter]) -> Appended:
        """Add the records of those `letters` that are not there yet, all or none. Those of one object come in order."""
        ...

    def head(self) -> Head:
        """The chain's end."""
        ...

    def anchor(self) -> Head:
        """What lies before the oldest record: GENESIS, or the end of what was archived."""
        ...

    def rows(self, after: int = 0) -> Iterator[Row]:
        """All records after number `after`, oldest first, read in pages."""
        ...
