"""Raw request counters, read from the serving pods themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from slipway.metrics.page import Unreadable, in_words, whole
from slipway.metrics.source import BULK_COUNT, HISTOGRAM, IN_FLIGHT, REQUESTS, PodReading, Sample, Target
from slipway.metrics.tally import tally
from slipway.plan.situation.observed import Counters
from slipway_contract import paths

TIMEOUT_SECONDS = 1.0
MIB = 1024 * 1024
SMALL_PAGE, SMALL_BYTES = paths.REQUESTS, MIB
"""The counters that decide, and nothing else: its size does not depend on the model."""
PAGE, PAGE_BYTES = paths.METRICS, 4 * MIB
"""What servers have that know no small page. It grows with the features that drift is measured on."""
_COUNTED = (REQUESTS, HISTOGRAM, BULK_COUNT, IN_FLIGHT)


class PodCounters:
    """The pods' own counters: as fresh as can be, and nothing else has to run."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def read(self, targets: Iterable[Target], slow_above: float) -> Mapping[str, PodReading]:
        """See CounterSource. One pod that hangs costs a second, not the others' answers."""
        wanted = list(targets)
        answers = await asyncio.gather(*(self._read_one(target, slow_above) for target in wanted))
        return {target.pod: found for target, found in zip(wanted, answers, strict=True)}

    async def _read_one(self, target: Target, slow_above: float) -> PodReading:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                text = await self._text(target)
            return replace(counted(text, slow_above), started=target.started)
        except Unreadable as error:
            return str(error)
        except ValueError as error:
            return f"shows counters that cannot be used: {error}"[:300]
        except (aiohttp.ClientError, TimeoutError) as error:
            return f"{in_words(error, TIMEOUT_SECONDS)}; see kubectl logs {target.pod}"

    async def _text(self, target: Target) -> str:
        """Its page of counters. Raises Unreadable where it has none that can be used, and as aiohttp does."""
        small = await self._get(target, SMALL_PAGE, SMALL_BYTES)
        if small is not None:
            return small
        page = await self._get(target, PAGE, PAGE_BYTES)
        if page is None:
            raise Unreadable(f"has no page {PAGE}: is its image a Slipway server?")
        return page

    async def _get(self, target: Target, path: str, limit: int) -> str | None:
        """The page at `path`; None where the server has no such page."""
        host = f"[{target.ip}]" if ":" in target.ip else target.ip
        async with self._session.get(f"http://{host}:{paths.PORT}{path}", allow_redirects=False) as response:
            if response.status == 404:
                return None
            if response.status != 200:
                raise Unreadable(f"answers {path} with HTTP {response.status}; see kubectl logs {target.pod}")
            try:
                return (await whole(response, limit)).decode(errors="replace")
            except Unreadable as error:
                raise Unreadable(f"has a page {path} that {error}; {_remedy(path)}") from error


def _remedy(path: str) -> str:
    if path == PAGE:
        return f"serve it with a newer server image, which has {SMALL_PAGE}, or measure drift on fewer features"
    return "is its image a Slipway server?"


def counted(text: str, slow_above: float) -> Counters:
    """Counters in a Prometheus exposition. Raises ValueError for text that is not one, or not complete.

    Lines about anything else are left out first: there can be thousands of them, and parsing is slow.
    """
    lines = (line for line in text.splitlines() if line.startswith(_COUNTED))
    families = text_string_to_metric_families("\n".join(lines) + "\n")
    return tally(
        (Sample(sample.name, sample.labels, sample.value) for family in families for sample in family.samples),
        slow_above,
    )
