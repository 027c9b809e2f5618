"""What the audit log costs: writing, verifying, memory. Prints the table of docs/audit.md; --write puts it there.

    .venv/bin/python benchmarks/audit/run.py [--write] [--records 100000]

A few minutes; wants a quiet machine. PostgreSQL is started by the script itself, in a temporary folder, with fsync on.
Memory is measured in processes of their own: what a store with so many records adds to one that opens an empty one.
"""

from __future__ import annotations

import argparse
import json
import os
import pwd
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "operator"))

from slipway.api.outbox import Entry
from slipway.audit.record import Head, Letter, Source
from slipway.audit.store.sql import SqlStore
from slipway.audit.verify import verify

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "audit.md"
BEGIN, END = "<!-- audit: begin -->", "<!-- audit: end -->"
SINGLES = 500
OBJECTS = 1000
"""Releases and revisions that the records are spread over."""


def letter(number: int) -> Letter:
    """A record of ordinary size, about a kilobyte."""
    entry = Entry(
        seq=number // OBJECTS + 1,
        at="2026-01-01T00:00:00.000Z",
        action="Promoting",
        revision=f"w7d1-cancer-classifier-r{number % 50}",
        digests={"model": "sha256:" + "a" * 64, "serving": "b" * 12, "policy": "c" * 12},
        actor="slipway",
        reason="all gates passed (governance, metrics/auc, smoke); moving production to w7d1-cancer-classifier-r2",
        from_="Gating",
        to="Promoting",
        effect="Flip",
        details={"version": "2", "seconds": "12.345"},
        evidence={"governance": "d" * 64, "metrics/auc": "e" * 64, "smoke": "f" * 64},
    )
    return Letter(Source("demo", "w7d1-cancer-classifier", f"uid-{number % OBJECTS}"), entry)


def write(store: SqlStore, count: int) -> tuple[float, float]:
    """Milliseconds a record: one record a transaction (the median), and 500 in one (the operator's largest batch)."""
    singles = []
    for number in range(SINGLES):
        started = time.perf_counter()
        store.append([letter(number)])
        singles.append(time.perf_counter() - started)
    started = time.perf_counter()
    for first in range(SINGLES, count, 500):
        store.append([letter(number) for number in range(first, min(first + 500, count))])
    batch = (time.perf_counter() - started) / max(1, count - SINGLES)
    return statistics.median(singles) * 1000, batch * 1000


def check(store: SqlStore) -> float:
    """Seconds to read and verify 100,000 records."""
    started = time.perf_counter()
    log = verify((row.line for row in store.rows()), anchor=Head())
    assert not log.findings
    return (time.perf_counter() - started) * 100_000 / log.records


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of a PostgreSQL of this run's own."""
    programs = Path(
        subprocess.run([ROOT / "scripts/postgresql"], check=True, capture_output=True, text=True).stdout.strip()
    )
    home, user = Path(tempfile.mkdtemp(prefix="slipway-postgresql-")), "nobody" if os.geteuid() == 0 else None
    if user:
        os.chown(home, pwd.getpwnam(user).pw_uid, -1)
    make = [programs / "initdb", "-D", home / "data", "-U", "postgres", "--auth=trust", "-E", "UTF8"]
    subprocess.run(make, check=True, capture_output=True, user=user, cwd=home)
    start = [programs / "postgres", "-D", home / "data", "-k", home, "-c", "listen_addresses="]
    server = subprocess.Popen(start, user=user, cwd=home, stderr=subprocess.DEVNULL)
    try:
        while not (home / ".s.PGSQL.5432").exists():
            time.sleep(0.1)
        time.sleep(1)
        yield f"postgresql://postgres@/postgres?unix_sock={home}/.s.PGSQL.5432"
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)
        shutil.rmtree(home)


def resident(url: str) -> float:
    """Megabytes at the peak of a process that appends to this store, as the operator does after a restart."""
    child = [sys.executable, __file__, "--resident", url]
    return float(json.loads(subprocess.run(child, check=True, capture_output=True, text=True).stdout))


def _resident(url: str) -> None:
    store = SqlStore(url)
    store.append([letter(10**9)])
    print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def table(records: int) -> str:
    """The figures, as Markdown."""
    with tempfile.TemporaryDirectory() as folder, postgresql() as url:
        lite, empty = SqlStore(f"sqlite:///{folder}/audit.db"), f"sqlite:///{folder}/empty.db"
        rows = [("SQLite", *write(lite, records), check(lite))]
        server = SqlStore(url)
        rows.append(("PostgreSQL", *write(server, records), check(server)))
        SqlStore(empty).prepare()
        size = Path(f"{folder}/audit.db").stat().st_size / records
        more = resident(f"sqlite:///{folder}/audit.db") - resident(empty)
    lines = [
        "| store | a record alone, median | a record in a batch of 500 | reading and verifying 100,000 records |",
        "|---|---|---|---|",
        *(f"| {name} | {one:.2f} ms | {many:.3f} ms | {seconds:.1f} s |" for name, one, many, seconds in rows),
    ]
    lines += [
        "",
        f"{records:,} records: {size:.0f} bytes each in SQLite; they add {more:.1f} MB to a process that appends.",
    ]
    return "\n".join(lines)


def main() -> int:
    """Measure, print, and write where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the table into docs/audit.md")
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--resident", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.resident:
        _resident(options.resident)
        return 0
    text = table(options.records)
    print(text)
    if options.write:
        before, _, rest = DOCS.read_text().partition(BEGIN)
        DOCS.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
