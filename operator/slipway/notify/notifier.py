"""Delivers notifications: follows the audit log from where it stopped, and tries again what did not arrive.

Nobody waits for it. A message is written down before the log's position moves on, and forgotten after it has arrived:
it is delivered at least once, and again only where the process ended between arrival and forgetting.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from slipway.audit.store.protocol import StoreError
from slipway.cluster.port import Cluster, ClusterError
from slipway.metrics.instruments import Instruments
from slipway.notify.channels import Channels, chosen, read
from slipway.notify.ledger import Delivery, Ledger
from slipway.notify.message import News, message
from slipway.notify.send import Undeliverable, prepare, send
from slipway.words.times import parse

LOG = logging.getLogger(__name__)

STALE = timedelta(hours=24)
"""Older records are no news: the notifier was switched off for so long."""
LOOK_SECONDS = 60.0
PROBLEM_SECONDS = 15.0
PARALLEL = 4
UNKNOWN = "unknown"
"""Channel in metrics for names that nobody configured: such names come from users, and label sets are bounded."""

T = TypeVar("T")


class Notifier:
    """One per process."""

    def __init__(
        self, ledger: Ledger, cluster: Cluster, folder: Path, instruments: Instruments, now: Callable[[], datetime]
    ) -> None:
        self._ledger, self._cluster, self._folder = ledger, cluster, folder
        self._instruments, self._now = instruments, now
        self._wake = asyncio.Event()
        self._threads = ThreadPoolExecutor(PARALLEL, thread_name_prefix="notify")

    def wake(self) -> None:
        """There are new records in the audit log."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver for ever."""
        await self._call(prepare)
        while True:
            self._wake.clear()
            try:
                pause = await self.turn()
            except (StoreError, ClusterError, OSError) as error:
                LOG.warning("notifications wait: %s", error)
                pause = PROBLEM_SECONDS
            try:
                await asyncio.wait_for(self._wake.wait(), pause)
            except TimeoutError:
                continue

    async def turn(self) -> float:
        """Take note of what is new, send what is due. Seconds until the next turn is.

        Raises StoreError, ClusterError, and OSError where the channels cannot be read: all of them pass.
        """
        channels = await self._call(lambda: read(self._folder))
        while await self._take_note(channels):
            pass
        due = await self._call(lambda: self._ledger.due(self._now()))
        await asyncio.gather(*(self._deliver(delivery, channels) for delivery in due))
        waiting, dead = await self._call(self._ledger.counts)
        self._instruments.notifications_waiting.set(waiting)
        self._instruments.notifications_dead.set(dead)
        following = await self._call(self._ledger.next_due)
        left = LOOK_SECONDS if following is None else following - self._now().timestamp()
        return min(LOOK_SECONDS, max(0.0, left))

    async def _take_note(self, channels: Channels) -> bool:
        """Write down the deliveries of the next records; whether there were any."""
        position = await self._call(self._ledger.position)
        found = await self._call(lambda: self._ledger.news(position))
        if not found:
            return False
        deliveries = [delivery for seq, news in found for delivery in await self._deliveries(seq, news, channels)]
        await self._call(lambda: self._ledger.add(deliveries, found[-1][0], self._now()))
        return True

    async def _deliveries(self, seq: int, news: News | None, channels: Channels) -> Iterable[Delivery]:
        text = message(news) if news else None
        if news is None or text is None or self._now() - parse(news.time) > STALE:
            return []
        found = await self._cluster.get("ModelRelease", news.namespace, news.release) or {}
        named = found.get("spec", {}).get("notifications", {}).get("channels", [])
        used, missing = chosen(named, channels)
        for name in missing:
            LOG.warning("%s/%s names channel %s, which is not configured", news.namespace, news.release, name)
            self._instruments.notifications.labels(UNKNOWN, "dropped").inc()
        return [Delivery(seq, name, target, text) for name in used for target in range(len(channels[name]))]

    async def _deliver(self, delivery: Delivery, channels: Channels) -> None:
        """One attempt. A channel or a URL that was taken out of the configuration meanwhile counts as a failure."""
        urls = channels.get(delivery.channel, ())
        count = self._instruments.notifications
        try:
            if delivery.target >= len(urls):
                raise Undeliverable("it is no longer configured")
            await self._call(lambda: send(urls[delivery.target], delivery.message))
        except Undeliverable as error:
            goes_on = await self._call(lambda: self._ledger.failed(delivery, self._now()))
            count.labels(delivery.channel, "failed" if goes_on else "dead").inc()
            level, what = (logging.WARNING, "tried again later") if goes_on else (logging.ERROR, "given up")
            where = f"channel {delivery.channel}, URL {delivery.target + 1}"
            LOG.log(level, "notification %r to %s, %s: %s", delivery.message.title, where, what, error)
            return
        await self._call(lambda: self._ledger.delivered(delivery))
        count.labels(delivery.channel, "sent").inc()

    async def _call(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)
