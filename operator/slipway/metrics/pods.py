"""Raw request counters, read from the serving pods themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from slipway import names
from slipway.metrics.source import Sample, Target, tally
from slipway.plan.observed import Counters

TIMEOUT_SECONDS = 1.0
MAX_BYTES = 4 * 1024 * 1024


class PodCounters:
    """The pods' own /metrics: as fresh as can be, and nothing else has to run."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def read(self, targets: Iterable[Target], slow_above: float) -> Mapping[str, Counters]:
        """See CounterSource. One pod that hangs costs a second, not the others' answers."""
        wanted = list(targets)
        answers = await asyncio.gather(*(self._read_one(target, slow_above) for target in wanted))
        return {target.pod: found for target, found in zip(wanted, answers, strict=True) if found is not None}

    async def _read_one(self, target: Target, slow_above: float) -> Counters | None:
        host = f"[{target.ip}]" if ":" in target.ip else target.ip
        url = f"http://{host}:{names.HTTP_PORT}/metrics"
        limit = aiohttp.ClientTimeout(TIMEOUT_SECONDS)
        try:
            async with self._session.get(url, timeout=limit, allow_redirects=False) as response:
                if response.status != 200:
                    return None
                body = await response.content.read(MAX_BYTES)
                return counted(body.decode(errors="replace"), slow_above)
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return None


def counted(text: str, slow_above: float) -> Counters:
    """Counters in a Prometheus exposition. Raises ValueError for text that is not one, or does not say what is slow."""
    families = text_string_to_metric_families(text)
    return tally(
        (Sample(sample.name, sample.labels, sample.value) for family in families for sample in family.samples),
        slow_above,
    )
