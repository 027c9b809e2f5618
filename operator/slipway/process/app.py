"""What the process looks at, and when: watches, listings and the registry put releases into the queue."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from slipway.api.base import seconds
from slipway.api.skew import DOCUMENT, skew
from slipway.audit import delivery
from slipway.cluster.port import ClusterError
from slipway.context.context import Context
from slipway.notify.notifier import Notifier
from slipway.process.watchdog import LIMIT_SECONDS, Watchdog
from slipway.process.worker import Worker
from slipway.process.workqueue import Queue
from slipway.words.names import Key

LOG = logging.getLogger(__name__)

WATCHDOG_SECONDS = 20.0


class Operator:
    """The queue, and everything that fills it."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.watchdog = Watchdog()
        self.queue = Queue(Worker(context), context.settings.max_parallel_reconciles, time.monotonic)
        context.instruments.queue_depth.set_function(lambda: len(self.queue))
        context.instruments.queue_age.set_function(lambda: self.queue.age)
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
        if everything:
            await self._discover()
        found = await self._list()
        self.watchdog.listed({key: entry[0] for key, entry in found.items()}, now)
        self.context.instruments.watch_lag.set(self.watchdog.lag(now))
        for gone in known - set(found):
            self.models.pop(gone, None)
        self.models.update({key: (entry[1], entry[2]) for key, entry in found.items()})
        self.listed = True
        for key in found if everything else ():
            self.enqueue(key)

    async def _discover(self) -> None:
        """Look at what the cluster knows, which may change any time. Raises ClusterError where it does not answer."""
        cluster, discovered = self.context.cluster, self.context.discovered
        if self.context.settings.monitoring.wanted:
            discovered.monitoring = await cluster.knows("PrometheusRule")
        try:
            discovered.skew = skew(await cluster.schemas(DOCUMENT))
        except ClusterError as error:  # none are published, or not to this account: releases go on without
            LOG.info("the CRDs cannot be compared: %s", error)
        if discovered.skew:
            LOG.warning("%s", discovered.skew[1])

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
            letters = delivery.last_words(manifest, self.context.now())
        except ValidationError as error:
            LOG.warning("what was deleted cannot be read: %s", error)
            return
        self.context.recorder.offer(letters)

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
