"""Raw request counters, as Prometheus last scraped them."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any

import aiohttp

from slipway.metrics.matrix import WINDOW_SECONDS, parsed
from slipway.metrics.page import Unreadable, in_words, whole
from slipway.metrics.source import NOBODYS, SERIES, PodReading, Target

LOG = logging.getLogger(__name__)

MAX_BYTES = 16 * 1024 * 1024


class PrometheusCounters:
    """One query for all pods. It asks for raw samples, because rate() and increase() extrapolate."""

    def __init__(self, session: aiohttp.ClientSession, url: str, timeout_seconds: float) -> None:
        self._session = session
        self._url = f"{url.rstrip('/')}/api/v1/query"
        self._timeout_seconds = timeout_seconds
        self._problem: str | None = None

    async def read(self, targets: Iterable[Target], slow_above: float) -> Mapping[str, PodReading]:
        """See CounterSource."""
        wanted = list(targets)
        if not wanted:
            return {}
        try:
            answer = await self._ask(query(wanted, slow_above))
            found = parsed(answer, wanted, slow_above)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            problem = f"Prometheus {in_words(error, self._timeout_seconds)}; check prometheus.url"
            self._say(problem)
            return {target.pod: f"is not read: {problem}" for target in wanted}
        self._say(None)
        return found

    async def _ask(self, text: str) -> Any:
        """Prometheus' answer. Raises ValueError, the end of a sentence about it, and as aiohttp does."""
        form, limit = {"query": text}, aiohttp.ClientTimeout(self._timeout_seconds)
        async with self._session.post(self._url, data=form, timeout=limit, allow_redirects=False) as response:
            if response.status != 200:
                raise ValueError(f"answered with HTTP {response.status}")
            try:
                return json.loads(await whole(response, MAX_BYTES))
            except Unreadable as error:
                raise ValueError(f"gave an answer that {error}") from error
            except ValueError as error:
                raise ValueError("answered with something that is not JSON") from error

    def _say(self, problem: str | None) -> None:
        """Log what changed, not every look."""
        if problem != self._problem:
            LOG.log(logging.WARNING if problem else logging.INFO, "%s", problem or "Prometheus answers again")
        self._problem = problem


def query(targets: Iterable[Target], slow_above: float) -> str:
    """A range of raw samples of every series that counts, by pod; the bucket is written in two ways."""
    wanted = list(targets)
    pods = "|".join(re.escape(target.pod) for target in wanted)
    bound = re.escape(f"{slow_above:g}")
    matchers = {
        "__name__": "|".join(SERIES),
        "namespace": "|".join(sorted({re.escape(target.namespace) for target in wanted})),
        "pod": pods,
        "le": f"|{bound}|{bound}\\.0",
    }
    selector = ",".join(f"{label}=~{json.dumps(pattern)}" for label, pattern in matchers.items())
    others = "|".join(sorted(NOBODYS))
    return f'{{{selector},route!~"{others}"}}[{WINDOW_SECONDS}s]'
