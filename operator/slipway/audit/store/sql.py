"""The audit store in a SQL database: SQLite on a volume, or PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, delete, event, func, insert, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from slipway.audit import migrations
from slipway.audit.record import Head, Letter, canonical, sealed
from slipway.audit.store.protocol import Appended, Row, StoreError
from slipway.audit.store.tables import ANCHORS, MARKS, RECORDS

TIMEOUT_SECONDS = 5.0
"""After which a lock, a connection or an answer is given up."""
PAGE = 1000
DRIVERS = {"postgresql": "postgresql+pg8000", "postgres": "postgresql+pg8000"}


class SqlStore:
    """A Store behind SQLAlchemy. Its methods may be called from several threads, `append` from one at a time."""

    def __init__(self, url: str, migrate: bool = True) -> None:
        """Raises StoreError for a URL that is none; connects, and makes the tables, only when it is first used."""
        self._engine = _engine(url)
        self._ready = not migrate

    def append(self, letters: Sequence[Letter]) -> Appended:
        """See Store. Somebody else who appends at the same time makes one of the two fail: `prev` is unique."""
        with self.connected(write=True) as connection:
            known = _newest(connection, {letter.source.uid for letter in letters})
            fresh = [letter for letter in letters if letter.entry.seq > known.get(letter.source.uid, 0)]
            head = _head(connection)
            records = sealed(head, fresh)
            if records:
                connection.execute(insert(RECORDS), [_columns(record) for record in records])
                head = Head(records[-1]["seq"], records[-1]["hash"])
        return Appended(tuple(records), head)

    def head(self) -> Head:
        """See Store."""
        with self.connected() as connection:
            return _head(connection)

    def anchor(self) -> Head:
        """See Store."""
        with self.connected() as connection:
            return _last(connection, ANCHORS)

    def rows(self, after: int = 0) -> Iterator[Row]:
        """See Store."""
        while True:
            with self.connected() as connection:
                query = select(RECORDS).where(RECORDS.c.seq > after).order_by(RECORDS.c.seq).limit(PAGE)
                page = [Row(*found) for found in connection.execute(query)]
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1].seq

    def forget(self, until: Head) -> None:
        """Delete the records up to `until`, which were archived. What was recorded once is not recorded again."""
        old = RECORDS.c.seq <= until.seq
        newest = select(RECORDS.c.source_uid, func.max(RECORDS.c.source_seq)).where(old).group_by(RECORDS.c.source_uid)
        with self.connected(write=True) as connection:
            marks = [{"source_uid": uid, "source_seq": seq} for uid, seq in connection.execute(newest)]
            connection.execute(delete(MARKS).where(MARKS.c.source_uid.in_([mark["source_uid"] for mark in marks])))
            connection.execute(insert(MARKS), marks)
            connection.execute(insert(ANCHORS), {"seq": until.seq, "hash": until.hash})
            connection.execute(delete(RECORDS).where(old))

    def prepare(self) -> None:
        """Make the tables, or bring them up to date. Raises StoreError where this role may not."""
        try:
            with self._engine.begin() as connection:
                there = migrations.current(connection)
                if there is not None and there > migrations.HEAD:
                    raise StoreError(f"its schema is {there}, and this version knows {migrations.HEAD}: update slipway")
                if there != migrations.HEAD:
                    migrations.upgrade(connection)
        except (SQLAlchemyError, OSError) as error:
            why = f"its tables cannot be created: {_short(error)}; run slipway audit migrate as their owner"
            raise StoreError(why) from error
        self._ready = True

    def close(self) -> None:
        """Give up the connections."""
        self._engine.dispose()

    @contextmanager
    def connected(self, write: bool = False) -> Iterator[Connection]:
        """A connection to the up-to-date database; `write`: in a transaction. Raises StoreError."""
        if not self._ready:
            self.prepare()
        try:
            with self._engine.begin() if write else self._engine.connect() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise StoreError(_short(error)) from error


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(f"{error}; it should be like sqlite:////var/lib/slipway/audit.db or postgresql://…") from error
    parsed = parsed.set(drivername=DRIVERS.get(parsed.drivername, parsed.drivername))
    if parsed.drivername != "sqlite":
        return create_engine(parsed, pool_size=2, pool_pre_ping=True, connect_args={"timeout": TIMEOUT_SECONDS})
    engine = create_engine(parsed, connect_args={"timeout": TIMEOUT_SECONDS})
    event.listen(engine, "connect", _durable)
    return engine


def _durable(connection: Any, _: Any) -> None:
    """A committed record survives a power cut, readers do not hold up the writer, and damaged text can be read."""
    connection.text_factory = lambda text: text.decode(errors="surrogateescape")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def _head(connection: Connection) -> Head:
    return max(_last(connection, RECORDS), _last(connection, ANCHORS), key=lambda head: head.seq)


def _last(connection: Connection, table: Any) -> Head:
    found = connection.execute(select(table.c.seq, table.c.hash).order_by(table.c.seq.desc()).limit(1)).first()
    return Head(*found) if found else Head()


def _newest(connection: Connection, uids: set[str]) -> dict[str, int]:
    """The newest entry of each of the objects `uids` that was ever recorded."""
    found: dict[str, int] = {}
    for table in (MARKS, RECORDS):
        query = select(table.c.source_uid, func.max(table.c.source_seq)).where(table.c.source_uid.in_(uids))
        found.update((uid, seq) for uid, seq in connection.execute(query.group_by(table.c.source_uid)))
    return found


def _columns(record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "seq": record["seq"],
        "hash": record["hash"],
        "prev": record["prev"],
        "source_uid": record["source"]["uid"],
        "source_seq": record["source"]["seq"],
        "namespace": record["namespace"],
        "release": record["release"],
        "body": canonical(record).decode(),
    }


def _short(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    told = cause.args[0] if cause.args else None
    if isinstance(told, dict):  # PostgreSQL's message, as pg8000 hands it on
        return str(told.get("M", told))[:300]
    return str(cause).strip().splitlines()[0][:300] if str(cause).strip() else type(cause).__name__
