"""Following an alias without the operator."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest

from slipway_server import follow
from slipway_server import serve as serving
from slipway_server.observing.metrics import Metrics
from slipway_server.serving.service import Service
from tests.server.conftest import SETTINGS


class Registry(HTTPServer):
    """Answers one question: which version the alias means."""

    version = "1"
    asked: list[tuple[str, str | None]]

    class Handler(BaseHTTPRequestHandler):
        server: Registry

        def do_GET(self) -> None:
            self.server.asked.append((self.path, self.headers["authorization"]))
            self.send_response(200 if self.server.version else 503)
            self.end_headers()
            self.wfile.write(b'{"model_version": {"version": "%s"}}' % self.server.version.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    server = Registry(("127.0.0.1", 0), Registry.Handler)
    server.asked = []
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("uri", "found"), [("models:/m@a", ("m", "a")), ("models:/m/1", None), ("/models/m@a", None)])
def test_only_an_alias_can_be_followed(uri: str, found: Any) -> None:
    assert follow.alias_of(uri) == found


async def test_an_alias_that_moved_is_noticed(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "secret")
    registry.version = "2"
    assert await follow.moved("models:/m@a", "1") == "2"
    assert await follow.moved("models:/m@a", "2") is None
    assert registry.asked[0] == ("/api/2.0/mlflow/registered-models/alias?name=m&alias=a", "Bearer secret")


async def test_an_outage_changes_nothing(registry: Registry) -> None:
    registry.version = ""
    assert await follow.moved("models:/m@a", "1") is None


async def test_the_new_version_takes_over_and_the_old_one_serves_until_then(
    fetched: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service(msgspec.structs.replace(SETTINGS, model_version=""), Metrics(0.2))
    await serving.use(service, fetched("ridge"), serving.drift_for(fetched("ridge"), 1))
    first = service.model

    async def fetch_forest(_uri: str, _version: str) -> Path:
        (tmp_path / "copy").symlink_to(fetched("forest"))
        assert service.model is first
        return tmp_path / "copy"

    monkeypatch.setattr(follow, "fetched", fetch_forest)
    assert await serving.take_over(service, "models:/m@a", "2")
    assert service.model is not None
    assert service.model is not first
    assert service.model.bundle.signature.columns[1].name == "b c"


async def test_a_version_that_cannot_be_served_leaves_the_old_one_in_place(
    fetched: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service(SETTINGS, Metrics(0.2))
    await serving.use(service, fetched("ridge"), serving.drift_for(fetched("ridge"), 1))
    first = service.model

    async def fetch_nothing(_uri: str, _version: str) -> Path:
        (tmp_path / "empty").mkdir()
        return tmp_path / "empty"

    monkeypatch.setattr(follow, "fetched", fetch_nothing)
    assert not await serving.take_over(service, "models:/m@a", "2")
    assert service.model is first
