"""The one writer: it never makes anybody wait, loses nothing while the store is down, and makes one chain."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from slipway.audit import recorder as recording
from slipway.audit.record import Head, Letter
from slipway.audit.recorder import Recorder
from slipway.audit.store.protocol import Appended, StoreError
from slipway.audit.store.sql import SqlStore
from slipway.audit.verify import verify
from slipway.metrics.instruments import Instruments
from tests.unit.audit.letters import letter, letters


class Flaky(SqlStore):
    """A store that can be switched off."""

    down = False

    def append(self, letters: Sequence[Letter]) -> Appended:
        if self.down:
            raise StoreError("no route to host")
        return super().append(letters)


@pytest.fixture
def store(tmp_path: Path) -> Flaky:
    return Flaky(f"sqlite:///{tmp_path}/audit.db")


def figure(recorder: Recorder, name: str) -> float | None:
    """A metric of the recorder's."""
    return recorder._instruments.registry.get_sample_value(name)


@asynccontextmanager
async def running(store: Flaky, changed: list[tuple[str, str]]) -> AsyncIterator[Recorder]:
    """A recorder at work."""
    recorder = Recorder(store, Instruments(CollectorRegistry()))
    task = asyncio.create_task(recorder.run(changed.append))
    try:
        yield recorder
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        store.close()


async def until_stored(recorder: Recorder, uid: str, seq: int) -> None:
    """Wait for an acknowledgement; the test's own timeout ends a wait that is in vain."""
    while recorder.acked(uid) < seq:  # noqa: ASYNC110 — a recorder has no event for a test's sake
        await asyncio.sleep(0.005)


async def test_what_is_offered_again_and_again_is_recorded_once(store: Flaky) -> None:
    changed: list[tuple[str, str]] = []
    async with running(store, changed) as recorder:
        for count in (1, 2, 3, 3, 3):
            recorder.offer(letters(count))
        await until_stored(recorder, "uid-1", 3)
        recorder.offer(letters(3))
        assert len(recorder) == 0
    assert [row.source_seq for row in store.rows()] == [1, 2, 3]
    assert changed == [("demo", "cancer")]


async def test_ten_releases_at_once_make_one_chain_without_gaps(store: Flaky) -> None:
    async with running(store, []) as recorder:

        async def release(number: int) -> None:
            for entry in range(1, 31):
                recorder.offer([letter(entry, f"uid-{number}", f"release-{number}")])
                await asyncio.sleep(0)

        await asyncio.gather(*(release(number) for number in range(10)))
        for number in range(10):
            await until_stored(recorder, f"uid-{number}", 30)
    log = verify([row.line for row in store.rows()], anchor=Head())
    assert (log.findings, log.records) == ([], 300)
    assert log.sources == {f"uid-{number}": 30 for number in range(10)}


async def test_an_outage_loses_nothing_and_shows_in_the_metrics(
    store: Flaky, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(recording, "FIRST_RETRY_SECONDS", 0.001)
    monkeypatch.setattr(recording, "LAST_RETRY_SECONDS", 0.01)
    store.down = True
    with caplog.at_level(logging.INFO, "slipway.audit.recorder"):
        async with running(store, []) as recorder:
            recorder.offer(letters(5))
            while not caplog.records:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            assert (len(recorder), recorder.acked("uid-1")) == (5, 0)
            assert figure(recorder, "slipway_audit_backlog_records") == 5
            assert figure(recorder, "slipway_audit_store_up") == 0
            store.down = False
            await until_stored(recorder, "uid-1", 5)
            assert figure(recorder, "slipway_audit_backlog_records") == 0
            assert figure(recorder, "slipway_audit_store_up") == 1
    assert [record.message for record in caplog.records] == [
        "the audit store is unavailable: no route to host; 5 records are kept in their objects",
        "the audit store is available again",
    ]


async def test_without_a_key_or_before_the_store_was_reached_there_is_no_checkpoint(store: Flaky) -> None:
    from datetime import UTC, datetime

    recorder = Recorder(store, Instruments(CollectorRegistry()))
    assert recorder.checkpoint(datetime.now(UTC), "uid-1/1") is None
    store.close()


async def test_a_store_that_hangs_holds_nobody_up_and_two_calls_never_overlap(
    store: Flaky, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "CALL_SECONDS", 0.02)
    monkeypatch.setattr(recording, "FIRST_RETRY_SECONDS", 0.001)
    monkeypatch.setattr(recording, "LAST_RETRY_SECONDS", 0.01)
    released, calls, inside = threading.Event(), 0, []
    real = store.append

    def hangs(batch: Sequence[Letter]) -> Appended:
        nonlocal calls
        calls += 1
        inside.append(calls)
        released.wait()
        done = real(batch)
        assert len(inside) == 1, "another call began meanwhile"
        inside.clear()
        return done

    monkeypatch.setattr(store, "append", hangs)
    async with running(store, []) as recorder:
        recorder.offer(letters(3))
        while figure(recorder, "slipway_audit_store_up") != 0 or not calls:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        recorder.offer(letters(5))
        assert len(recorder) == 5
        monkeypatch.setattr(recording, "CALL_SECONDS", 10)
        released.set()
        await until_stored(recorder, "uid-1", 5)
    assert [row.source_seq for row in store.rows()] == [1, 2, 3, 4, 5]
