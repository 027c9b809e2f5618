"""A server in this process, on a port of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from slipway_server.observing.metrics import Metrics
from slipway_server.serve import Order, drift_for, main
from slipway_server.serving.service import Service
from slipway_server.settings import Settings
from slipway_server.wire.server import Server, configured
from tests.server.client import Client


@contextlib.contextmanager
def running(directory: Path, settings: Settings) -> Iterator[Client]:
    """A client of a server that serves the model which was fetched to `directory`."""
    service = Service(settings, Metrics(0.2))
    server = Server(configured(service, 0), service)
    thread = threading.Thread(target=_run, args=(server, directory))
    thread.start()
    try:
        yield Client(service, server).ready()
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


def _run(server: Server, directory: Path) -> None:
    drift = drift_for(directory, 1)
    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(main(server, Order(directory, 0), drift, None))
