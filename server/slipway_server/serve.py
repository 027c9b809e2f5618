"""`slipway-server serve`: load, warm up, answer, drain."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import sys
from pathlib import Path
from types import FrameType

import msgspec
import uvicorn

from slipway_server import bundle as bundles
from slipway_server.app import Application
from slipway_server.cpus import cpus
from slipway_server.errors import ModelError, RequestError
from slipway_server.fetch import report
from slipway_server.foreign import ForeignError, foreign
from slipway_server.http import protocol, sweep
from slipway_server.lane import Lane
from slipway_server.metrics import Metrics
from slipway_server.predictor.inline import InlineRunner, affordable_rows
from slipway_server.predictor.runner import Limits
from slipway_server.predictor.threads import ThreadRunner
from slipway_server.protocols.select import reader_for
from slipway_server.service import Model, Service
from slipway_server.settings import Settings


class Server(uvicorn.Server):
    """uvicorn with a lame duck: on SIGTERM it still accepts for a while, until nobody routes here any more."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self.service = service
        self.loop: asyncio.AbstractEventLoop | None = None
        self.failure: ModelError | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen first, so that the probes are answered while the model loads."""
        self.loop = asyncio.get_running_loop()
        await super().startup(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        """First signal: drain. Second: leave at once."""
        if self.loop is None or self.service.draining:
            self.should_exit = True
            return
        self.service.draining = True
        self.loop.call_soon_threadsafe(self.loop.call_later, self.service.settings.lame_duck_seconds, self._leave)

    def _leave(self) -> None:
        self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: look after the connections, and leave when the model can't be had."""
        if counter % 10 == 0:
            slow = sweep(self.server_state.connections, asyncio.get_running_loop().time())
            self.service.metrics.cut_off(slow)
        return await super().on_tick(counter)


def serve(directory: Path, port: int, settings: Settings) -> int:
    """Serve the prepared model under `directory` until told to stop; return the exit code."""
    service = Service(settings, Metrics(settings.latency_threshold_seconds))
    config = uvicorn.Config(
        Application(service),
        host="0.0.0.0",
        port=port,
        http=protocol(settings, Lane(service)),
        proxy_headers=False,
        ws="none",
        loop="uvloop",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=int(settings.idle_seconds),
        timeout_graceful_shutdown=int(settings.drain_seconds),
        backlog=2048,
    )
    server = Server(config, service)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_main(server, directory))
    if server.failure is not None:
        return give_up(server.failure, settings)
    return 0


async def _main(server: Server, directory: Path) -> None:
    loading = asyncio.create_task(_load(server, directory))
    await server.serve()
    loading.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await loading


async def _load(server: Server, directory: Path) -> None:
    try:
        model = await asyncio.to_thread(foreign, load, directory, server.service.settings)
        await model.warm_up()
    except ModelError as error:
        server.failure = error
        server.should_exit = True
    except ForeignError as error:
        server.failure = ModelError("LoadFailed", f"the model under {directory} can't be loaded: {error}")
        server.should_exit = True
    except RequestError as error:
        server.failure = ModelError("LoadFailed", f"the model fails on its own input example: {error.detail}")
        server.should_exit = True
    else:
        gc.collect()
        gc.freeze()
        server.service.use(model)


def load(directory: Path, settings: Settings) -> Model:
    """Load the prepared model under `directory`. Raises `ModelError`."""
    from slipway_server.predictor import native, onnx

    bundle = bundles.read(directory)
    reader = reader_for(bundle, settings)
    if bundle.kind == "onnx":
        compiled = onnx.build(directory, bundle)
        example = reader.read(msgspec.json.encode(bundle.example))
        limits = Limits(cpus(), settings.max_queue, settings.predict_timeout_seconds)
        behind = ThreadRunner(compiled, limits)
        return Model(bundle, reader, InlineRunner(compiled, affordable_rows(compiled, example), behind))
    predictor = native.build(directory, bundle, settings)
    limits = Limits(
        1 if predictor.rowwise else settings.pyfunc_threads,
        settings.max_queue,
        settings.predict_timeout_seconds,
        settings.max_batch_rows,
    )
    return Model(bundle, reader, ThreadRunner(predictor, limits))


def give_up(error: ModelError, settings: Settings) -> int:
    """Say once, readably, why nothing is served; return the exit code."""
    message = " ".join(error.message.split())
    sys.stderr.write(f"slipway-server: {message}\n")
    outcome = {"ok": False, "reason": "LoadFailed", "message": message[:1500]}
    report.write(settings.termination_log, msgspec.to_builtins(outcome))
    return 3
