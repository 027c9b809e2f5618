"""`python -m slipway`: the operator's process."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from datetime import UTC, datetime
from functools import partial

import aiohttp
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector

from slipway.admission import webhook
from slipway.admission.publication import Publication
from slipway.audit.export import Export
from slipway.audit.recorder import Recorder
from slipway.audit.store import setup
from slipway.cluster.kube import ApiServer
from slipway.context.context import Context
from slipway.metrics.instruments import Instruments
from slipway.metrics.pods import PodCounters
from slipway.metrics.prometheus import PrometheusCounters
from slipway.metrics.source import CounterSource
from slipway.notify.ledger import Ledger
from slipway.notify.notifier import Notifier
from slipway.process import handlers, health, logs
from slipway.process.app import Operator
from slipway.process.explain import Explain
from slipway.registry.cache import RegistryCache
from slipway.registry.mlflow import MlflowRegistry
from slipway.settings import Settings, SettingsError
from slipway_contract import registry_client


def _now() -> datetime:
    return datetime.now(UTC)


async def operate(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT, or until a part of the process ends, which is an error."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    metrics = _metrics()
    instruments = Instruments(metrics)
    actor_key = settings.webhook.key() if settings.webhook else None
    store, signer = setup.store(settings.audit), setup.signer(settings.audit)
    recorder = Recorder(store, instruments, signer)
    cluster = await ApiServer.connect()
    async with aiohttp.ClientSession() as http:
        cache = RegistryCache(_registries(settings), instruments)
        clocks = (_now, time.monotonic)
        pods = PodCounters(http)
        counters = _counters(http, settings) or pods
        context = Context(cluster, cache, counters, pods, settings, instruments, *clocks, recorder, actor_key)
        operator = Operator(context)
        if settings.notification_channels:
            ledger = Ledger(store)
            operator.notifier = Notifier(ledger, cluster, settings.notification_channels, instruments, _now)
        inner = Export(store, signer).application()
        Explain(context).add_to(inner)
        runners = await health.serve(operator.dead, operator.unready, metrics, inner)
        try:
            await run_parts(operator, stop)
        finally:
            for runner in runners:
                await runner.cleanup()
            await cluster.close()


def _metrics() -> CollectorRegistry:
    """With what the process itself takes."""
    metrics = CollectorRegistry()
    ProcessCollector(registry=metrics)
    PlatformCollector(registry=metrics)
    return metrics


def _registries(settings: Settings) -> dict[str, tuple[MlflowRegistry, float]]:
    """By name: how it is asked, and every how many seconds."""
    return {
        name: (MlflowRegistry(entry.url, entry.timeout_seconds), entry.poll_seconds)
        for name, entry in settings.registries.items()
    }


def _counters(http: aiohttp.ClientSession, settings: Settings) -> CounterSource | None:
    """Where request counters are read from, if not from the pods."""
    where = settings.prometheus
    return PrometheusCounters(http, where.url, where.timeout_seconds) if where else None


async def run_parts(operator: Operator, stop: asyncio.Event) -> None:
    """The tasks of the process. The first one to end ends all."""
    context = operator.context
    routes = await context.cluster.knows("HTTPRoute")
    watching = handlers.registry(operator.release_seen, operator.enqueue, operator.watchdog, operator.gone, routes)
    parts = [operator.queue.run(), operator.resync(), handlers.run(watching, context.settings, stop), stop.wait()]
    parts.append(context.recorder.run(operator.recorded))
    if operator.notifier is not None:
        parts.append(operator.notifier.run())
    for name in context.settings.registries:
        parts.append(context.registries.follow(name, partial(operator.registry_changed, name)))
    if context.settings.webhook and context.actor_key:
        publication = Publication(context.cluster, context.settings.webhook.configuration, context.actor_key)
        server = webhook.WebhookServer(publication, context.settings.webhook.host, context.now)
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
    registry_client.configure(os.environ, retries=1)
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
