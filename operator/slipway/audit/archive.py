"""Rotation: the oldest records leave the store for a file, and an anchor in the store says where the file ends."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from slipway.audit.record import Head
from slipway.audit.store import setup
from slipway.audit.store.protocol import StoreError
from slipway.audit.store.sql import SqlStore
from slipway.audit.verify import verify
from slipway.settings import DEFAULT_PATH, Settings, SettingsError


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
        raise NotArchived(f"the log is damaged and was left unchanged: {log.findings[0]}; see slipway audit verify")
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


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m slipway.audit.archive NUMBER FILE` in the operator's pod, for a store that only the pod reaches."""
    parser = argparse.ArgumentParser(prog="slipway.audit.archive", description=archive.__doc__)
    parser.add_argument("until", type=int, help="archive the records up to and including this number")
    parser.add_argument("out", type=Path, help="a new file, on the store's volume")
    parser.add_argument("--config", type=Path, default=DEFAULT_PATH, help="the operator's configuration")
    options = parser.parse_args(arguments)
    try:
        head = archive(setup.store(Settings.load(options.config).audit), options.until, options.out)
    except (NotArchived, StoreError, SettingsError, setup.AuditSetup) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"records up to {head.seq} are in {options.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
