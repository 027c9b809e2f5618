"""What the audit log asks of the place that its records lie in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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
