"""Notifications against a real HTTP server, through Apprise, from a real audit store: outages and restarts included."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from slipway.api.outbox import Entry
from slipway.audit.record import Letter, Source
from slipway.audit.store.protocol import StoreError
from slipway.audit.store.sql import SqlStore
from slipway.cluster.port import Object
from slipway.metrics.instruments import Instruments
from slipway.notify import ledger as ledgers
from slipway.notify.ledger import ATTEMPTS, FIRST_RETRY, LAST_RETRY, Ledger, pause
from slipway.notify.notifier import STALE, Notifier
from slipway.notify.send import prepare
from slipway.words.times import stamp

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Receiver:
    """A web server that keeps what it is sent, and can be told to refuse."""

    url: str
    received: list[dict[str, Any]] = field(default_factory=list)
    refuses: bool = False

    @property
    def titles(self) -> list[str]:
        return [message["title"] for message in self.received]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(503 if kept.refuses else 200)
            self.end_headers()
            if not kept.refuses:
                kept.received.append(body)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept = Receiver(f"json://127.0.0.1:{server.server_port}/hook")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield kept
    server.shutdown()
    server.server_close()
    thread.join()


class Releases:
    """The cluster, as far as the notifier asks it."""

    def __init__(self) -> None:
        self.channels: list[str] = []

    async def get(self, kind: str, namespace: str, name: str) -> Object | None:
        assert (kind, namespace) == ("ModelRelease", "demo")
        return {"spec": {"notifications": {"channels": self.channels}}} if name == "cancer" else None


class Desk:
    """A notifier with a store of its own, a folder of channels, and a clock that tests turn."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.now, self.seq = folder / "channels", START, 0
        self.folder.mkdir()
        self.channel("default", url)
        self.url = f"sqlite:///{folder / 'audit.db'}"
        self.releases = Releases()
        self.restart()

    def restart(self) -> None:
        """A new process: the database and the channels are what is left."""
        self.store = SqlStore(self.url)
        self.ledger = Ledger(self.store)
        self.metrics = CollectorRegistry()
        self.notifier = Notifier(
            self.ledger,
            self.releases,  # type: ignore[arg-type]
            self.folder,
            Instruments(self.metrics),
            lambda: self.now,
        )

    def channel(self, name: str, *urls: str) -> None:
        (self.folder / name).write_text("\n".join(urls))

    def happens(self, action: str, release: str = "cancer", **changes: Any) -> None:
        """Something is recorded in the audit log."""
        self.seq += 1
        entry = Entry(
            seq=self.seq,
            at=stamp(self.now),
            action=action,
            revision="cancer-r2",
            actor="alice",
            reason="because",
            details={"version": str(self.seq)},
            **changes,
        )
        self.store.append([Letter(Source("demo", release, "uid"), entry)])

    def rejects(self, **changes: Any) -> None:
        self.happens("GateFail", to="Rejected", **changes)

    def count(self, channel: str, result: str) -> float:
        labels = {"channel": channel, "result": result}
        return self.metrics.get_sample_value("slipway_notifications_total", labels) or 0.0


@pytest.fixture(scope="session", autouse=True)
def apprise() -> None:
    prepare()


@pytest.fixture
async def desk(tmp_path: Path, receiver: Receiver) -> Desk:
    made = Desk(tmp_path, receiver.url)
    await made.notifier.turn()
    return made


async def test_what_happens_is_told_once(desk: Desk, receiver: Receiver) -> None:
    desk.rejects()
    for _ in range(3):
        await desk.notifier.turn()
    assert receiver.titles == ["demo/cancer: version 1 was rejected"]
    assert "Why: because" in receiver.received[0]["message"]
    assert receiver.received[0]["type"] == "failure"
    assert desk.count("default", "sent") == 1


async def test_what_nobody_needs_to_hear_is_passed_over(desk: Desk, receiver: Receiver) -> None:
    desk.happens("Started", to="Pending")
    desk.rejects()
    await desk.notifier.turn()
    assert receiver.titles == ["demo/cancer: version 2 was rejected"]


async def test_history_is_no_news(tmp_path: Path, receiver: Receiver) -> None:
    desk = Desk(tmp_path, receiver.url)
    desk.rejects()
    await desk.notifier.turn()
    assert receiver.titles == []
    desk.rejects()
    await desk.notifier.turn()
    assert receiver.titles == ["demo/cancer: version 2 was rejected"]


async def test_an_outage_delays_and_loses_nothing(desk: Desk, receiver: Receiver) -> None:
    receiver.refuses = True
    desk.rejects()
    desk.happens("Promoted", to="Live")
    again = await desk.notifier.turn()
    assert (receiver.titles, again) == ([], FIRST_RETRY.total_seconds())
    assert desk.count("default", "failed") == 2

    receiver.refuses = False
    await desk.notifier.turn()
    assert receiver.titles == [], "not before its time"
    desk.now += FIRST_RETRY
    await desk.notifier.turn()
    assert sorted(receiver.titles) == ["demo/cancer: version 1 was rejected", "demo/cancer: version 2 is promoted"]


async def test_a_restart_neither_loses_nor_repeats(desk: Desk, receiver: Receiver) -> None:
    desk.rejects()
    await desk.notifier.turn()
    receiver.refuses = True
    desk.rejects()
    await desk.notifier.turn()
    receiver.refuses = False
    desk.rejects()
    desk.restart()
    desk.now += FIRST_RETRY
    await desk.notifier.turn()
    assert sorted(receiver.titles) == [f"demo/cancer: version {number} was rejected" for number in (1, 2, 3)]


async def test_of_two_urls_only_the_one_that_failed_is_tried_again(desk: Desk, receiver: Receiver) -> None:
    desk.channel("default", receiver.url, "json://127.0.0.1:1/closed")
    desk.rejects()
    await desk.notifier.turn()
    desk.now += FIRST_RETRY
    await desk.notifier.turn()
    assert len(receiver.received) == 1
    assert desk.count("default", "failed") == 2


async def test_what_never_arrives_is_given_up_and_stays_to_be_seen(
    desk: Desk, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.refuses = True
    desk.rejects()
    for _ in range(ATTEMPTS + 3):
        await desk.notifier.turn()
        desk.now += LAST_RETRY
    assert desk.count("default", "dead") == 1
    assert desk.count("default", "failed") == ATTEMPTS - 1
    assert desk.metrics.get_sample_value("slipway_notifications_dead") == 1
    assert [r.levelname for r in caplog.records if "given up" in r.message] == ["ERROR"]

    receiver.refuses = False
    desk.rejects()
    await desk.notifier.turn()
    assert receiver.titles == ["demo/cancer: version 2 was rejected"]


async def test_no_log_has_a_url(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.channel("default", "json://user:s3cret@127.0.0.1:1/t0ken", "nonsense://s3cret")
    desk.rejects()
    with caplog.at_level("DEBUG"):
        await desk.notifier.turn()
    text = " ".join(record.getMessage() for record in caplog.records if record.name.startswith("slipway"))
    assert "rejected it" in text
    assert "not supported by Apprise" in text
    assert not any("s3cret" in record.getMessage() for record in caplog.records if record.levelname != "DEBUG")


async def test_a_release_is_heard_of_in_its_own_channels(desk: Desk, receiver: Receiver) -> None:
    desk.channel("team", receiver.url)
    desk.releases.channels = ["team", "nowhere"]
    desk.rejects()
    await desk.notifier.turn()
    assert (desk.count("team", "sent"), desk.count("default", "sent")) == (1, 0)
    assert desk.count("unknown", "dropped") == 1


async def test_of_a_deleted_release_the_default_channel_hears(desk: Desk, receiver: Receiver) -> None:
    desk.rejects(release="gone")
    await desk.notifier.turn()
    assert receiver.titles == ["demo/gone: version 1 was rejected"]


async def test_what_happened_while_nobody_notified_for_long_is_no_news(desk: Desk, receiver: Receiver) -> None:
    desk.rejects()
    desk.now += STALE + timedelta(seconds=1)
    desk.restart()
    await desk.notifier.turn()
    assert receiver.titles == []


async def test_a_store_that_fails_is_an_error_that_passes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.store.close()
    broken = SqlStore("sqlite:////nowhere/audit.db")
    monkeypatch.setattr(desk.ledger, "_store", broken)
    with pytest.raises(StoreError):
        await desk.notifier.turn()


def test_pauses_grow_and_end() -> None:
    pauses = [pause(attempt) for attempt in range(1, ATTEMPTS)]
    assert pauses[0] == FIRST_RETRY
    assert pauses == sorted(pauses)
    assert pauses[-1] == LAST_RETRY
    assert timedelta(hours=6) < sum(pauses, timedelta()) < timedelta(hours=12)


async def test_a_long_log_is_read_in_pages(desk: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledgers, "PAGE", 2)
    monkeypatch.setattr(ledgers, "AT_ONCE", 2)
    for _ in range(5):
        desk.rejects()
    await desk.notifier.turn()
    while desk.ledger.due(desk.now):
        await desk.notifier.turn()
    assert len(receiver.received) == 5
