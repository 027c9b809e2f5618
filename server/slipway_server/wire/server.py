"""uvicorn's server, with a lame duck phase and an eye on its connections."""

from __future__ import annotations

import asyncio
import os
from types import FrameType

import uvicorn

from slipway_server.errors import ModelError
from slipway_server.serving.service import Service
from slipway_server.wire.app import Application
from slipway_server.wire.connection import protocol, sweep
from slipway_server.wire.lane import Lane


class Server(uvicorn.Server):
    """On SIGTERM it still accepts for a while, until nobody routes here any more; uvicorn would refuse at once."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self.service = service
        self.loop: asyncio.AbstractEventLoop | None = None
        self.failure: ModelError | None = None
        self.parent = 0

    def fail(self, error: ModelError) -> None:
        """Leave, because there is nothing to serve."""
        self.failure = error
        self.should_exit = True

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
        """Ten times a second: look after the connections and the counters."""
        self.loop = self.loop or asyncio.get_running_loop()
        if self.parent and os.getppid() != self.parent:
            self.should_exit = True  # nobody would pass a signal on to us any more
        if counter % 10 == 0:
            self.service.metrics.cut_off(sweep(self.server_state.connections, self.loop.time()))
            if self.service.model is not None:
                self.service.model.drift.flush()
        return await super().on_tick(counter)


def configured(service: Service, port: int) -> uvicorn.Config:
    """uvicorn's configuration for this service."""
    settings = service.settings
    return uvicorn.Config(
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
