"""Real MLflow servers, one on SQLite and one on PostgreSQL: what a registry gives back is not guessed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from requests import RequestException, get

from slipway.registry.mlflow import MlflowRegistry
from tests.postgresql import ROOT, running
from tests.registry.author import Author

STORES = ("sqlite", "postgresql")
START_SECONDS = 180
REQUEST_SECONDS = 60.0
_SERVER = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Store → the URL of a server on it. Both start at once."""
    made = subprocess.run([ROOT / "scripts/mlflow"], check=True, capture_output=True, text=True)
    program, home = Path(made.stdout.strip()), tmp_path_factory.mktemp("mlflow")
    with ExitStack() as ended:
        postgres = ended.enter_context(running())
        uris = {
            "sqlite": f"sqlite:///{home}/mlflow.db",
            "postgresql": f"postgresql://postgres@/postgres?host={postgres.socket}",
        }
        started = {store: ended.enter_context(_server(program, uri, home / store)) for store, uri in uris.items()}
        for store, (url, server) in started.items():
            _wait(url, server, home / store / "log")
        yield {store: url for store, (url, _) in started.items()}


@pytest.fixture(params=STORES)
def url(request: pytest.FixtureRequest, servers: Mapping[str, str]) -> str:
    """Where MLflow is reached. Every test runs on each store, and expects the same of both."""
    return servers[request.param]


@pytest.fixture
def author(url: str) -> Author:
    """Somebody who logs and registers models."""
    return Author(url)


@pytest.fixture
def registry(url: str) -> MlflowRegistry:
    """What the operator reads them with."""
    return MlflowRegistry(url, REQUEST_SECONDS)


@contextmanager
def _server(program: Path, uri: str, home: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server's URL and process. It has a group of its own: MLflow leaves its workers behind otherwise."""
    home.mkdir()
    port = _free_port()
    command = [program, "server", "--workers", "1", "--host", "127.0.0.1", "--port", str(port)]
    stores = ["--backend-store-uri", uri, "--artifacts-destination", str(home / "artifacts")]
    environment = {**os.environ, **_SERVER, "PATH": f"{program.parent}:{os.environ['PATH']}"}
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            [*command, *stores], cwd=home, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield f"http://127.0.0.1:{port}", server
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(30)


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(url):
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)


def _answers(url: str) -> bool:
    try:
        return get(f"{url}/health", timeout=5).ok
    except RequestException:
        return False


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
