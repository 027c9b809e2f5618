"""`python -m slipway`: the operator's process."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import aiohttp
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from pydantic import ValidationError

from slipway import handlers, health, logs
from slipway.admission import webhook
from slipway.admission.publication import Publication
from slipway.api.base import seconds
from slipway.audit import delivery, setup
from slipway.audit.export import Export
from slipway.audit.recorder import Recorder
from slipway.context import Context
from slipway.kube import ApiServer, ClusterError
from slipway.metrics.instruments import Instruments
from slipway.notify.ledger import Ledger
from slipway.notify.notifier import Notifier
from slipway.queue import Key, Queue
from slipway.registry.board import Board
from slipway.registry.mlflow import MlflowRegistry
from slipway.settings import Settings, SettingsError
from slipway.watchdog import LIMIT_SECONDS, Watchdog
from slipway.worker import Worker

LOG = logging.getLogger("slipway")

WATCHDOG_SECONDS = 20.0
MLFLOW_ENVIRONMENT = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


class Operator:
    """The parts of the process and the tasks that run between them."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.watchdog = Watchdog()
        self.queue = Queue(Worker(context), context.settings.max_parallel_reconciles, time.monotonic)
        context.instruments.queue_depth.set_function(lambda: len(self.queue))
        self.models: dict[Key, tuple[str, str]] = {}
        self.listed = False
        self.notifier: Notifier | None = None

    def enqueue(self, key: Key) -> None:
        """Look at `key` now."""
        self.queue.add(key)

    async def resync(self) -> None:
        """List all releases again and again: nothing is lost with an event, and a dead watch is noticed."""
        interval, last = seconds(self.context.settings.resync_interval), float("-inf")
        while True:
            now = time.monotonic()
            try:
                await self.relist(everything=now - last >= interval)
                last = now if now - last >= interval else last
            except ClusterError as error:
                LOG.warning("releases cannot be listed: %s", error)
            await asyncio.sleep(min(WATCHDOG_SECONDS, interval))

    async def relist(self, everything: bool) -> None:
        """List the releases once, and look at `everything` where asked to."""
        now, known = time.monotonic(), set(self.models)
        found = await self._list()
        self.watchdog.listed({key: entry[0] for key, entry in found.items()}, now)
        self.context.instruments.watch_lag.set(self.watchdog.lag(now))
        for gone in known - set(found):
            self.models.pop(gone, None)
        self.models.update({key: (entry[1], entry[2]) for key, entry in found.items()})
        self.listed = True
        for key in found if everything else ():
            self.enqueue(key)

    async def _list(self) -> dict[Key, tuple[str, str, str]]:
        """Every release: resource version, registry and model."""
        found: dict[Key, tuple[str, str, str]] = {}
        for namespace in self.context.settings.watch_namespaces or ("",):
            for item in await self.context.cluster.list("ModelRelease", namespace, {}):
                meta, model = item["metadata"], item["spec"]["model"]
                found[(meta["namespace"], meta["name"])] = (
                    meta["resourceVersion"],
                    model.get("registry", ""),
                    model["name"],
                )
        return found

    def release_seen(self, key: Key, model: Mapping[str, Any] | None) -> None:
        """The watch delivered a release with its `model`, or its end: an alias may move before the next listing."""
        if model is None:
            self.models.pop(key, None)
        else:
            self.models[key] = (str(model.get("registry", "")), str(model["name"]))
        self.enqueue(key)

    def recorded(self, key: Key) -> None:
        """The audit log has what lay in the outboxes of `key`."""
        self.enqueue(key)
        if self.notifier is not None:
            self.notifier.wake()

    def gone(self, manifest: Mapping[str, Any]) -> None:
        """An object was deleted: what lay in its outbox is recorded all the same."""
        try:
            letters = delivery.last_words(manifest, _now())
        except ValidationError as error:
            LOG.warning("what was deleted cannot be read: %s", error)
            return
        for consumer in self.context.consumers:
            consumer.offer(letters)

    def registry_changed(self, registry: str, models: frozenset[str] | None) -> None:
        """Look at the releases of the `models` that moved, or at all that use `registry`."""
        for key, (name, model) in self.models.items():
            if name == registry and (models is None or model in models):
                self.enqueue(key)

    def dead(self) -> str | None:
        """Why the process should be restarted."""
        lag = self.watchdog.lag(time.monotonic())
        return f"the watch has missed a change for {lag:.0f} s" if lag > LIMIT_SECONDS else None

    def unready(self) -> str | None:
        """Why the process does not work yet."""
        return None if self.listed else "the releases have not been listed yet"


def _now() -> datetime:
    return datetime.now(UTC)


async def operate(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT, or until a part of the process ends, which is an error."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    metrics = CollectorRegistry()
    ProcessCollector(registry=metrics)
    PlatformCollector(registry=metrics)
    instruments = Instruments(metrics)
    registries = {
        name: (MlflowRegistry(entry.url, entry.timeout_seconds), entry.poll_seconds)
        for name, entry in settings.registries.items()
    }
    actor_key = settings.webhook.key() if settings.webhook else None
    store, signer = setup.store(settings.audit), setup.signer(settings.audit)
    recorder = Recorder(store, instruments, signer)
    cluster = await ApiServer.connect()
    async with aiohttp.ClientSession() as http:
        board = Board(registries, instruments)
        clocks = (_now, time.monotonic)
        context = Context(cluster, board, http, settings, instruments, *clocks, recorder, (recorder,), actor_key)
        operator = Operator(context)
        if settings.notification_channels:
            ledger = Ledger(store)
            operator.notifier = Notifier(ledger, cluster, settings.notification_channels, instruments, _now)
        export = Export(store, signer).application()
        runners = await health.serve(operator.dead, operator.unready, metrics, export)
        try:
            await _run_parts(operator, stop)
        finally:
            for runner in runners:
                await runner.cleanup()
            await cluster.close()


async def _run_parts(operator: Operator, stop: asyncio.Event) -> None:
    """The tasks of the process. The first one to end ends all."""
    context = operator.context
    watching = handlers.registry(operator.release_seen, operator.enqueue, operator.watchdog, operator.gone)
    parts = [operator.queue.run(), operator.resync(), handlers.run(watching, context.settings, stop), stop.wait()]
    if context.recorder is not None:
        parts.append(context.recorder.run(operator.recorded))
    if operator.notifier is not None:
        parts.append(operator.notifier.run())
    for name in context.settings.registries:
        parts.append(context.board.follow(name, partial(operator.registry_changed, name)))
    if context.settings.webhook and context.actor_key:
        publication = Publication(context.cluster, context.settings.webhook.configuration, context.actor_key)
        server = webhook.Server(publication, context.settings.webhook.host, context.now)
        webhook.serve(watching, context.actor_key, server, context.now)
        parts.append(publication.run())
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if not task.cancelled():  # kopf, when it ends, cancels what else runs in its loop
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def main() -> int:
    """Exit code 0 after a signal, 2 for settings that cannot be used."""
    os.environ.update({key: os.environ.get(key, value) for key, value in MLFLOW_ENVIRONMENT.items()})
    try:
        settings = Settings.load()
        logs.configure(settings.log_level)
        asyncio.run(operate(settings))
    except (SettingsError, setup.AuditSetup) as error:
        sys.stderr.write(f"slipway: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
