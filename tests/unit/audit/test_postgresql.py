"""The store in a real PostgreSQL, with a role that can only add and read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError

import slipway.audit
from slipway.audit.archive import archive
from slipway.audit.record import Head
from slipway.audit.store.protocol import StoreError
from slipway.audit.store.sql import SqlStore
from slipway.audit.verify import verify
from slipway.notify.ledger import FIRST_RETRY, Delivery, Ledger
from slipway.notify.message import Message, Mood
from tests.postgresql import Postgres
from tests.unit.audit.letters import letters

ROLE_SQL = Path(slipway.audit.__file__).with_name("role.sql")
DATABASE = "slipway"


@pytest.fixture
def database(postgres: Postgres) -> Postgres:
    """A fresh database with the schema, made by its owner, and the operator's role as the documentation makes it."""
    postgres.sql(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    postgres.sql("DROP ROLE IF EXISTS slipway_operator")
    postgres.sql(f"CREATE DATABASE {DATABASE}; CREATE ROLE slipway_operator LOGIN")
    owner = SqlStore(postgres.url(DATABASE))
    owner.prepare()
    owner.close()
    statements = "\n".join(line for line in ROLE_SQL.read_text().splitlines() if not line.startswith("--"))
    postgres.sql(statements.replace(':"role"', "slipway_operator"), DATABASE)
    return postgres


@pytest.fixture
def store(database: Postgres) -> Iterator[SqlStore]:
    """The store as the operator has it."""
    made = SqlStore(database.url(DATABASE, "slipway_operator"))
    yield made
    made.close()


def lines(store: SqlStore) -> list[bytes]:
    return [row.line for row in store.rows()]


def test_the_operators_role_is_enough_to_record_and_to_read(store: SqlStore) -> None:
    store.append(letters(3))
    store.append(letters(5))
    log = verify(lines(store), anchor=Head())
    assert (log.findings, log.records) == ([], 5)


def test_it_is_enough_to_deliver_notifications(store: SqlStore) -> None:
    ledger, now = Ledger(store), datetime(2026, 1, 1, tzinfo=UTC)
    assert ledger.position() == 0
    delivery = Delivery(1, "default", 0, Message("title", "body", Mood.INFO))
    ledger.add([delivery], 1, now)
    assert ledger.position() == 1
    assert ledger.failed(delivery, now)
    later = now + FIRST_RETRY
    assert ledger.due(now) == []
    assert ledger.due(later) == [replace(delivery, attempts=1)]
    assert ledger.next_due() == later.timestamp()
    ledger.delivered(delivery)
    assert ledger.counts() == (0, 0)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE records SET body = ''",
        "DELETE FROM records",
        "TRUNCATE records",
        "DROP TABLE records",
        "INSERT INTO anchors VALUES (1, 'x')",
        "INSERT INTO marks VALUES ('x', 1)",
        "UPDATE alembic_version SET version_num = '9'",
    ],
)
def test_the_operators_role_can_change_and_remove_nothing(statement: str, database: Postgres, store: SqlStore) -> None:
    store.append(letters(3))
    engine = create_engine(database.url(DATABASE, "slipway_operator"))
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
    assert verify(lines(store), anchor=Head()).records == 3


def test_a_database_without_the_schema_says_what_is_missing(postgres: Postgres, database: Postgres) -> None:
    postgres.sql(
        "DROP TABLE records, anchors, marks, notified, deliveries, alembic_version;"
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        DATABASE,
    )
    store = SqlStore(database.url(DATABASE, "slipway_operator"))
    with pytest.raises(StoreError, match="slipway audit migrate"):
        store.append(letters(1))
    store.close()


def test_a_server_that_throws_everybody_out_is_an_outage_and_the_store_recovers(
    database: Postgres, store: SqlStore
) -> None:
    store.append(letters(2))
    database.sql(f"ALTER DATABASE {DATABASE} ALLOW_CONNECTIONS false")
    database.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{DATABASE}'")
    with pytest.raises(StoreError, match=r"network error|reset by peer|not currently accepting connections"):
        store.append(letters(3))
    database.sql(f"ALTER DATABASE {DATABASE} ALLOW_CONNECTIONS true")
    assert store.append(letters(3)).head.seq == 3


def test_two_operators_at_once_make_one_chain(database: Postgres) -> None:
    """A stale leader and its successor: one of two that append at the same moment fails, and tries again."""

    def record(uid: str) -> None:
        store = SqlStore(database.url(DATABASE, "slipway_operator"))
        for number in range(1, 21):
            while True:
                try:
                    store.append(letters(number, uid))
                    break
                except StoreError:
                    continue
        store.close()

    writers = [threading.Thread(target=record, args=(f"uid-{n}",)) for n in (1, 2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    reader = SqlStore(database.url(DATABASE, "slipway_operator"))
    log = verify(lines(reader), anchor=Head())
    reader.close()
    assert (log.findings, log.sources) == ([], {"uid-1": 20, "uid-2": 20})


def test_the_owner_archives_and_the_operator_goes_on(database: Postgres, store: SqlStore, tmp_path: Path) -> None:
    store.append(letters(8))
    owner = SqlStore(database.url(DATABASE))
    head = archive(owner, 5, tmp_path / "archive.jsonl")
    owner.close()
    store.append(letters(9))
    assert verify(lines(store), anchor=head).findings == []
    assert store.head().seq == 9
