"""`slipway-server serve`: load, warm up, answer, drain."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import shutil
import socket
import sys
from pathlib import Path

import msgspec

from slipway_server import follow, workers
from slipway_server.errors import ModelError, RequestError
from slipway_server.fetch import report
from slipway_server.model import bundle as bundles
from slipway_server.observing import logs
from slipway_server.observing.drift import Drift, reference
from slipway_server.observing.metrics import Metrics
from slipway_server.serving.loading import load
from slipway_server.serving.service import Service
from slipway_server.settings import Settings
from slipway_server.wire.server import Server, configured


class Order(msgspec.Struct, frozen=True):
    """The command line of one server. `follow`: the alias to follow, "" for none."""

    directory: Path
    port: int
    workers: int = 1
    follow: str = ""


def serve(order: Order, settings: Settings) -> int:
    """Serve the prepared model until told to stop; return the exit code."""
    logs.configure()
    try:
        drift = drift_for(order.directory, order.workers)
    except ModelError as error:
        return give_up(error, settings)
    service = Service(settings, Metrics(settings.latency_threshold_seconds, order.workers))
    if order.workers == 1:
        return _run(order, service, drift, None)
    listening = workers.listen(order.port)

    def work(number: int) -> int:
        service.metrics.be(number)
        drift.be(number)
        return _run(order, service, drift, listening)

    return workers.Parent(order.workers, work).run()


def drift_for(directory: Path, count: int) -> Drift:
    """The drift counters of a prepared model, for so many workers. Raises `ModelError`."""
    return Drift(bundles.read(directory), reference(directory), count)


def _run(order: Order, service: Service, drift: Drift, listening: socket.socket | None) -> int:
    config = configured(service, order.port)
    server = Server(config, service)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(main(server, order, drift, [listening] if listening else None))
    return give_up(server.failure, service.settings) if server.failure is not None else 0


async def main(server: Server, order: Order, drift: Drift, sockets: list[socket.socket] | None) -> None:
    """Load and answer until told to stop; `sockets` are those that several workers share."""
    if sockets is not None:
        # One of several on this port: whoever accepts must be able to answer, because the others' readiness speaks
        # for it. Until then the kernel keeps the connections.
        server.parent = os.getppid()
        if await _loaded(server, order, drift):
            await server.serve(sockets)
        return
    # Alone: listen first, so that the probes are answered while the model loads.
    background = asyncio.create_task(_load_and_follow(server, order, drift))
    await server.serve()
    background.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await background


async def _loaded(server: Server, order: Order, drift: Drift) -> bool:
    try:
        await use(server.service, order.directory, drift)
    except ModelError as error:
        server.fail(error)
        return False
    # What is there now stays: the garbage collector need not look at it again in the middle of a request.
    gc.collect()
    gc.freeze()
    return True


async def _load_and_follow(server: Server, order: Order, drift: Drift) -> None:
    if not await _loaded(server, order, drift):
        return
    refused = ""
    while order.follow:
        await asyncio.sleep(server.service.settings.follow_seconds)
        version = await follow.moved(order.follow, server.service.version)
        if version and version != refused:
            refused = "" if await take_over(server.service, order.follow, version) else version


async def use(service: Service, directory: Path, drift: Drift) -> None:
    """Load and warm up the model under `directory`, then serve it. Raises `ModelError`: what served before stays."""
    model = await asyncio.to_thread(load, directory, service.settings, drift, service.metrics.batch)
    try:
        await model.warm_up()
    except RequestError as error:
        raise ModelError("LoadFailed", f"the model fails on its own input example: {error.detail}") from error
    service.use(model)


async def take_over(service: Service, uri: str, version: str) -> bool:
    """Load a version beside the one that serves, then swap; whatever fails, the old one serves on. Did it work?"""
    directory = await follow.fetched(uri, version)
    if directory is None:
        return False
    try:
        await use(service, directory, drift_for(directory, 1))
        return True
    except ModelError as error:
        logs.problem(f"version {version} can't be served, the old one stays: {error.message}")
        return False
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def give_up(error: ModelError, settings: Settings) -> int:
    """Say once, readably, why nothing is served; return the exit code."""
    message = " ".join(error.message.split())
    sys.stderr.write(f"slipway-server: {message}\n")
    report.write(settings.termination_log, {"ok": False, "reason": "LoadFailed", "message": message[:1500]})
    return workers.GIVE_UP
