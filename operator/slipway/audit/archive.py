"""Rotation: the oldest records leave the store for a file, and an anchor in the store says where the file ends."""

from __future__ import annotations

import os
from pathlib import Path

from slipway.audit.record import Head
from slipway.audit.sql import SqlStore
from slipway.audit.verify import verify


class NotArchived(Exception):
    """Nothing was taken out of the store; the text says why."""


def archive(store: SqlStore, until: int, out: Path) -> Head:
    """Move the records up to number `until` to `out`, as JSON lines. Where the file ends.

    The file is complete and on the disk before anything is deleted; a crash in between leaves both. Raises NotArchived,
    StoreError.
    """
    anchor, lines = store.anchor(), []
    for row in store.rows():
        if row.seq > until:
            break
        lines.append(row.line)
    log = verify(lines, anchor=anchor)
    if log.findings:
        raise NotArchived(f"the log is damaged and stays as it is: {log.findings[0]}; see slipway audit verify")
    if not lines:
        raise NotArchived(f"there is no record up to number {until}")
    try:
        with out.open("xb") as written:
            written.writelines(line + b"\n" for line in lines)
            written.flush()
            os.fsync(written.fileno())
    except OSError as error:
        raise NotArchived(f"{out}: {error.strerror}") from error
    store.forget(log.head)
    return log.head
