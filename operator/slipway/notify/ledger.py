"""What has still to be delivered, in the audit store's database: it outlives the process, and the objects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Boolean, Column, Float, Integer, String, Table, Text, delete, func, insert, select, update
from sqlalchemy.engine import Connection

from slipway.audit.store.protocol import Row
from slipway.audit.store.sql import SqlStore
from slipway.audit.store.tables import METADATA, NUMBER
from slipway.notify.message import Message, Mood, News
from slipway.words.backoff import doubled

CURSOR = Table("notified", METADATA, Column("seq", NUMBER, primary_key=True, autoincrement=False))
"""One row: the newest record of the audit log whose deliveries have been written down."""

DELIVERIES = Table(
    "deliveries",
    METADATA,
    Column("seq", NUMBER, primary_key=True, autoincrement=False),
    Column("channel", String(63), primary_key=True),
    Column("target", Integer, primary_key=True, autoincrement=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("mood", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due", Float, nullable=False),
    Column("dead", Boolean, nullable=False),
)
"""A message to one target of a channel. What was delivered is deleted; what was given up stays, and is dead."""

FIRST_RETRY, LAST_RETRY = timedelta(seconds=5), timedelta(minutes=15)
ATTEMPTS = 40
"""The first few in a minute, the rest over eight hours: longer than most outages."""
PAGE = 500
AT_ONCE = 20
"""Messages sent in one turn: a service that hangs does not keep new messages from the others for long."""


@dataclass(frozen=True)
class Delivery:
    """One message to one target."""

    seq: int
    channel: str
    target: int
    """Which of the channel's URLs, from 0."""
    message: Message
    attempts: int = 0


class Ledger:
    """Reads the log from where it stopped, and keeps what it led to. Every method blocks and raises StoreError."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def position(self) -> int:
        """Number of the newest record that was seen to. The first time it is the log's end: history is no news."""
        with self._store.connected(write=True) as connection:
            found = connection.execute(select(CURSOR.c.seq)).scalar()
            if found is None:
                found = self._store.head().seq
                connection.execute(insert(CURSOR), [{"seq": found}])
            return int(found)

    def news(self, after: int) -> list[tuple[int, News | None]]:
        """Some records after number `after`, oldest first, each with its number; None: it cannot be read."""
        return [(row.seq, _read(row)) for row in islice(self._store.rows(after), PAGE)]

    def add(self, deliveries: Iterable[Delivery], position: int, now: datetime) -> None:
        """Write down `deliveries`, due now, and that the log was seen to up to `position`: both or neither."""
        rows = [_row(delivery, now) for delivery in deliveries]
        with self._store.connected(write=True) as connection:
            connection.execute(update(CURSOR).values(seq=position))
            if rows:
                connection.execute(insert(DELIVERIES), rows)

    def due(self, now: datetime) -> list[Delivery]:
        """Some of what should be sent now, oldest first."""
        table = DELIVERIES
        query = select(table).where(table.c.dead.is_(False), table.c.due <= now.timestamp())
        with self._store.connected() as connection:
            return [_delivery(row) for row in connection.execute(query.order_by(table.c.seq).limit(AT_ONCE)).mappings()]

    def next_due(self) -> float | None:
        """When the next one is due, as a POSIX time; None: nothing waits."""
        with self._store.connected() as connection:
            found = connection.execute(select(func.min(DELIVERIES.c.due)).where(DELIVERIES.c.dead.is_(False))).scalar()
        return None if found is None else float(found)

    def delivered(self, delivery: Delivery) -> None:
        """It is there: forget it."""
        with self._store.connected(write=True) as connection:
            connection.execute(delete(DELIVERIES).where(*_identity(delivery)))

    def failed(self, delivery: Delivery, now: datetime) -> bool:
        """It did not work: later again, less and less often. False where it is given up for good."""
        attempts = delivery.attempts + 1
        dead, due = attempts >= ATTEMPTS, now + pause(attempts)
        with self._store.connected(write=True) as connection:
            change = {"attempts": attempts, "due": due.timestamp(), "dead": dead}
            connection.execute(update(DELIVERIES).where(*_identity(delivery)).values(**change))
        return not dead

    def counts(self) -> tuple[int, int]:
        """How many deliveries wait, and how many are dead."""
        with self._store.connected() as connection:
            return _count(connection, dead=False), _count(connection, dead=True)


def pause(attempts: int) -> timedelta:
    """How long to wait after the attempt number `attempts` failed."""
    return timedelta(seconds=doubled(FIRST_RETRY.total_seconds(), attempts, LAST_RETRY.total_seconds()))


def _read(row: Row) -> News | None:
    try:
        return News.model_validate_json(row.body)
    except ValidationError:
        return None


def _count(connection: Connection, dead: bool) -> int:
    query = select(func.count()).select_from(DELIVERIES).where(DELIVERIES.c.dead.is_(dead))
    return int(connection.execute(query).scalar_one())


def _identity(delivery: Delivery) -> Sequence[Any]:
    table = DELIVERIES
    return table.c.seq == delivery.seq, table.c.channel == delivery.channel, table.c.target == delivery.target


def _row(delivery: Delivery, now: datetime) -> dict[str, Any]:
    message = delivery.message
    return {
        "seq": delivery.seq,
        "channel": delivery.channel,
        "target": delivery.target,
        "title": message.title,
        "body": message.body,
        "mood": message.mood.value,
        "attempts": delivery.attempts,
        "due": now.timestamp(),
        "dead": False,
    }


def _delivery(row: Any) -> Delivery:
    message = Message(row["title"], row["body"], Mood(row["mood"]))
    return Delivery(row["seq"], row["channel"], row["target"], message, row["attempts"])
