"""The store in SQLite: one chain, each entry once, archives that the chain goes on from."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slipway.audit.archive import NotArchived, archive, main
from slipway.audit.record import Head
from slipway.audit.store.protocol import Row, StoreError
from slipway.audit.store.sql import SqlStore
from slipway.audit.verify import verify
from tests.unit.audit.letters import SIGNER, letter, letters


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqlStore]:
    made = SqlStore(f"sqlite:///{path}")
    yield made
    made.close()


def lines(store: SqlStore) -> list[bytes]:
    """What an export of the store would be."""
    return [row.line for row in store.rows()]


def test_entries_are_recorded_once_and_in_order(store: SqlStore) -> None:
    store.append(letters(3))
    done = store.append([*letters(5), letter(1, "uid-2")])
    assert [record["seq"] for record in done.records] == [4, 5, 6]
    assert verify(lines(store)).findings == []
    assert store.head() == done.head


def test_what_was_stored_is_there_after_a_restart(store: SqlStore, path: Path) -> None:
    store.append(letters(3))
    again = SqlStore(f"sqlite:///{path}")
    assert again.append(letters(4)).head.seq == 4
    again.close()


def test_the_database_itself_refuses_a_fork(store: SqlStore, path: Path) -> None:
    store.append(letters(3))
    with sqlite3.connect(path) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute("INSERT INTO records SELECT 9, 'x', prev, 'u', 1, namespace, release, body FROM records")
    connection.close()


def test_a_store_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="unable to open database file"):
        SqlStore(f"sqlite:///{tmp_path}/nowhere/audit.db").append(letters(1))


def test_a_store_of_a_later_version_is_left_alone(store: SqlStore, path: Path) -> None:
    store.append(letters(1))
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    later = SqlStore(f"sqlite:///{path}")
    with pytest.raises(StoreError, match="its schema is 9999"):
        later.append(letters(2))
    later.close()


def test_a_url_that_is_none_is_refused() -> None:
    with pytest.raises(StoreError, match="it should be like"):
        SqlStore("audit.db")


def test_an_archive_and_what_stays_make_one_log(store: SqlStore, tmp_path: Path) -> None:
    store.append(letters(8))
    whole, out = lines(store), tmp_path / "archive.jsonl"
    head = archive(store, 5, out)
    assert out.read_bytes().splitlines() == whole[:5]
    assert (store.anchor(), lines(store)) == (head, whole[5:])
    assert verify(lines(store), anchor=store.anchor()).findings == []


def test_archived_entries_are_not_recorded_again(store: SqlStore, tmp_path: Path) -> None:
    store.append(letters(8))
    archive(store, 8, tmp_path / "archive.jsonl")
    assert [record["seq"] for record in store.append(letters(9)).records] == [9]


def test_the_operator_s_pod_archives_what_its_configuration_names(
    store: SqlStore, path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.append(letters(8))
    config, out = tmp_path / "config.yaml", tmp_path / "archive.jsonl"
    images = "images: {server: s, native: n, jobs: j}\nregistries: {default: {url: http://mlflow}}\n"
    config.write_text(f"{images}audit: {{url: 'sqlite:///{path}'}}\n")
    assert main(["6", str(out), "--config", str(config)]) == 0
    assert (len(out.read_bytes().splitlines()), store.anchor().seq) == (6, 6)
    assert main(["6", str(out), "--config", str(config)]) == 2
    assert "there is no record up to number 6" in capsys.readouterr().err


def test_a_damaged_log_is_not_archived(store: SqlStore, path: Path, tmp_path: Path) -> None:
    store.append(letters(8))
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE records SET body = replace(body, 'alice', 'mallory') WHERE seq = 3")
    connection.close()
    with pytest.raises(NotArchived, match="record 3"):
        archive(store, 5, tmp_path / "archive.jsonl")
    assert not (tmp_path / "archive.jsonl").exists()


COLUMNS = {"seq": 99, "hash": "x", "prev": "x", "source_uid": "x", "source_seq": 99, "namespace": "x", "release": "x"}


@pytest.mark.parametrize("column", COLUMNS)
def test_a_changed_column_is_found(column: str, store: SqlStore, path: Path) -> None:
    store.append(letters(8))
    with sqlite3.connect(path) as connection:
        connection.execute(f"UPDATE records SET {column} = ? WHERE seq = 4", (COLUMNS[column],))
    connection.close()
    assert 4 in {finding.seq for finding in verify(lines(store), anchor=Head()).findings}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[Row]]:
    """A database file, and the rows in it."""
    path = tmp_path_factory.mktemp("original") / "audit.db"
    store = SqlStore(f"sqlite:///{path}")
    store.append(letters(8))
    rows = list(store.rows())
    store.close()
    return path.read_bytes(), rows


def read(content: bytes, path: Path) -> list[bytes]:
    """The export of a database file with this content."""
    path.write_bytes(content)
    store = SqlStore(f"sqlite:///{path}", migrate=False)
    try:
        return lines(store)
    finally:
        store.close()


ANY_FILE = settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@ANY_FILE
@given(data=st.data())
def test_any_one_byte_of_a_record_changed_in_the_file_is_found_and_named(
    data: st.DataObject, original: tuple[bytes, list[Row]], tmp_path: Path
) -> None:
    content, rows = original
    row = data.draw(st.sampled_from(rows))
    body, changed = row.body.encode(), bytearray(content)
    place = content.index(body) + data.draw(st.integers(min_value=0, max_value=len(body) - 1))
    changed[place] ^= data.draw(st.integers(min_value=1, max_value=255))
    log = verify(read(bytes(changed), tmp_path / "changed.db"), anchor=Head())
    assert row.seq in {finding.seq for finding in log.findings}


@pytest.mark.parametrize("seed", range(60))
def test_any_other_byte_of_the_file_changed_is_found_or_changes_no_record(
    seed: int, original: tuple[bytes, list[Row]], tmp_path: Path
) -> None:
    content, rows = original
    changed, chosen = bytearray(content), Random(seed)
    changed[chosen.randrange(len(content))] ^= chosen.randrange(1, 256)
    try:
        found = read(bytes(changed), tmp_path / "changed.db")
    except StoreError:
        return
    log = verify(found, [SIGNER.sign(Head(8, rows[-1].hash), "2026-01-01T00:00:00Z")], Head())
    assert log.findings or found == [row.line for row in rows]
