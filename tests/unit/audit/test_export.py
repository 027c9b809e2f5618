"""The log over HTTP and on the command line."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from click.testing import CliRunner, Result

from slipway.audit.checkpoint import SignedCheckpoint, pem, public_key
from slipway.audit.export import Export
from slipway.audit.record import Head
from slipway.audit.store.sql import SqlStore
from slipway.cli.audit.command import command
from tests.unit.audit.letters import SIGNER, letter, letters


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqlStore]:
    made = SqlStore(f"sqlite:///{path}")
    made.append([*letters(4), letter(1, "uid-2", "other")])
    yield made
    made.close()


async def test_it_is_served_line_by_line_and_signed(store: SqlStore) -> None:
    async with TestClient(TestServer(Export(store, SIGNER).application())) as client:
        lines = (await (await client.get("/records")).read()).splitlines()
        state = await (await client.get("/state")).json()
        key = await (await client.get("/key")).text()
    assert lines == [row.line for row in store.rows()]
    assert SignedCheckpoint.parse(state["checkpoint"]).valid()
    assert (state["head"]["seq"], state["anchor"]["seq"]) == (5, 0)
    assert public_key(key.encode()) == SIGNER.public


async def test_one_release_s_records_can_be_asked_for(store: SqlStore) -> None:
    async with TestClient(TestServer(Export(store, SIGNER).application())) as client:
        lines = (await (await client.get("/records?namespace=demo&release=other")).read()).splitlines()
    assert len(lines) == 1


async def test_a_store_that_is_down_is_a_503(tmp_path: Path) -> None:
    broken = SqlStore(f"sqlite:///{tmp_path}/nowhere/audit.db")
    async with TestClient(TestServer(Export(broken, SIGNER).application())) as client:
        answers = [(await client.get(where)).status for where in ("/records", "/state")]
    assert answers == [503, 503]
    broken.close()


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


@pytest.fixture
def exported(store: SqlStore, path: Path, tmp_path: Path) -> Path:
    """An export as the operator's would be: with the signed end beside it."""
    out = tmp_path / "audit.jsonl"
    assert run("export", "--database", f"sqlite:///{path}", "--out", out).exit_code == 0
    signed = SIGNER.sign(store.head(), "2026-01-01T00:01:00Z").text()
    (tmp_path / "audit.jsonl.checkpoints").write_text(signed + "\n")
    (tmp_path / "key.pem").write_text(pem(SIGNER.public))
    return out


def test_an_export_that_nobody_touched_is_whole(exported: Path) -> None:
    done = run("verify", "--file", exported, "--public-key", exported.with_name("key.pem"))
    assert (done.exit_code, done.stdout) == (0, "the log is intact: records 1 to 5, checked against 1 checkpoints\n")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda lines: [lines[0].replace(b"alice", b"mallory"), *lines[1:]], "record 1:"),
        (lambda lines: [*lines[:2], *lines[3:]], "record 3:"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], "record 1:"),
        (lambda lines: lines[:-1], "record 5: the log is truncated"),
        (lambda lines: [], "record 1:"),
    ],
)
def test_a_damaged_export_is_exit_code_1_and_the_record_is_named(change: object, named: str, exported: Path) -> None:
    lines = exported.read_bytes().splitlines()
    exported.write_bytes(b"".join(line + b"\n" for line in change(lines)))  # type: ignore[operator]
    done = run("verify", "--file", exported)
    assert done.exit_code == 1
    assert named in done.stdout


def test_checkpoints_of_another_key_are_exit_code_1(exported: Path) -> None:
    stranger = "302a300506032b6570032100" + "07" * 32
    from base64 import b64encode

    text = b64encode(bytes.fromhex(stranger)).decode()
    exported.with_name("key.pem").write_text(f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n")
    done = run("verify", "--file", exported, "--public-key", exported.with_name("key.pem"))
    assert (done.exit_code, "another key" in done.stdout) == (1, True)


def test_a_log_without_checkpoints_says_what_cannot_be_seen(exported: Path) -> None:
    exported.with_name("audit.jsonl.checkpoints").unlink()
    done = run("verify", "--file", exported)
    assert (done.exit_code, "truncation cannot be detected" in done.stderr) == (0, True)


def test_a_tampered_database_is_exit_code_1(store: SqlStore, path: Path, exported: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM records WHERE seq = 2")
    connection.close()
    signed = exported.with_name("audit.jsonl.checkpoints")
    done = run("verify", "--database", f"sqlite:///{path}", "--checkpoints", signed)
    assert (done.exit_code, "record 2: it is missing" in done.stdout) == (1, True)


def test_records_are_archived_and_the_rest_goes_on(store: SqlStore, path: Path, tmp_path: Path) -> None:
    out = tmp_path / "archive.jsonl"
    done = run("archive", "--database", f"sqlite:///{path}", "--before", 3, "--out", out)
    assert done.exit_code == 0
    assert (len(out.read_bytes().splitlines()), store.anchor().seq) == (3, 3)
    assert run("archive", "--database", f"sqlite:///{path}", "--before", 3, "--out", out).exit_code == 2
    whole = out.read_bytes() + b"".join(row.line + b"\n" for row in store.rows())
    out.write_bytes(whole)
    assert run("verify", "--file", out).exit_code == 0


def test_a_database_that_is_not_there_is_exit_code_2(tmp_path: Path) -> None:
    done = run("export", "--database", f"sqlite:///{tmp_path}/none/audit.db")
    assert (done.exit_code, "the database cannot be read" in done.stderr) == (2, True)


def test_a_new_store_has_tables_after_migrate(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new.db"
    assert run("migrate", "--database", url).exit_code == 0
    store = SqlStore(url, migrate=False)
    assert store.head() == Head()
    store.close()
