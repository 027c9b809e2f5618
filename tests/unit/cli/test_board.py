"""The board's curves, asked of a Prometheus on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from slipway.cli.report import board
from slipway.cli.report import command as report
from slipway.cli.session import Failure, ReleaseKey

KEY = ReleaseKey("team", "cancer")
PANEL = {"type": "timeseries", "title": "Requests", "fieldConfig": {"defaults": {"unit": "reqps"}}}
TARGETS = [
    {"expr": 'rate{namespace="$namespace",release="$release"}', "legendFormat": "{{revision}} ({{track}})"},
    {"expr": "limit", "legendFormat": "objective"},
]
BOARD = {
    "panels": [{"type": "row"}, {"type": "stat", "title": "Now", "targets": TARGETS}, PANEL | {"targets": TARGETS}]
}


class Prometheus(BaseHTTPRequestHandler):
    """Answers what the test says, and remembers what it was asked."""

    asked: list[dict[str, list[str]]]
    answer: bytes

    def do_GET(self) -> None:
        """One query."""
        self.asked.append(parse_qs(urlsplit(self.path).query))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def prometheus() -> type[Prometheus]:
    Prometheus.asked = []
    labels = {"revision": "cancer-r2", "track": "live"}
    result = [{"metric": labels, "values": [[100.0, "1.5"], [115.0, "NaN"]]}]
    Prometheus.answer = json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}}).encode()
    return Prometheus


@pytest.fixture
def url(prometheus: type[Prometheus]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), prometheus) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_every_query_of_a_curve_is_asked_about_the_release_and_named_by_its_legend(
    prometheus: type[Prometheus], url: str
) -> None:
    (panel,) = board.drawn(BOARD, KEY, url, window=3600.0)
    assert (panel.title, panel.unit) == ("Requests", "requests/s")
    assert [series.name for series in panel.series] == ["cancer-r2 (live)", "objective"]
    assert panel.series[0].points[0] == (100.0, 1.5)
    assert [asked["query"] for asked in prometheus.asked] == [['rate{namespace="team",release="cancer"}'], ["limit"]]
    first = prometheus.asked[0]
    assert float(first["end"][0]) - float(first["start"][0]) == pytest.approx(3600)
    assert first["step"] == ["15.0"]


def test_nonsense_is_said_with_what_to_check(prometheus: type[Prometheus], url: str) -> None:
    prometheus.answer = b'{"status": "error"}'
    with pytest.raises(Failure, match=r"cannot be asked for Requests: .*; check --prometheus"):
        board.drawn(BOARD, KEY, url, window=60.0)


def test_a_prometheus_that_is_gone_is_said() -> None:
    with pytest.raises(Failure, match="refused"):
        board.drawn(BOARD, KEY, "http://127.0.0.1:9", window=60.0)


def test_a_board_that_may_not_be_read_costs_the_report_its_curves_and_no_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def forbidden(_: object) -> None:
        raise Failure("403: configmaps is forbidden")

    monkeypatch.setattr(report, "on_cluster", forbidden)
    assert report.panels_of(KEY, "slipway-system", None, window=60.0) == ()
    assert "without curves: 403: configmaps is forbidden" in capsys.readouterr().out
