"""Raw request counters, as Prometheus last scraped them."""

from __future__ import annotations

import json
import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from math import isnan, nan
from typing import Any

import aiohttp

from slipway.metrics.source import BUCKET, COUNT, IN_FLIGHT, NOBODYS, REQUESTS, Sample, Target, tally
from slipway.plan.observed import Counters

LOG = logging.getLogger(__name__)

WINDOW_SECONDS = 60
"""A pod that was not scraped for so long is as good as unread."""
MAX_BYTES = 16 * 1024 * 1024

_Series = tuple[str, str, str, str]
"""Metric, route, code and bucket bound: what tells a pod's series apart. The scraper's own labels do not."""


class PrometheusCounters:
    """One query for all pods. It asks for raw samples, because rate() and increase() extrapolate."""

    def __init__(self, session: aiohttp.ClientSession, url: str, timeout_seconds: float) -> None:
        self._session = session
        self._url = f"{url.rstrip('/')}/api/v1/query"
        self._timeout = aiohttp.ClientTimeout(timeout_seconds)
        self._problem: str | None = None

    async def read(self, targets: Iterable[Target], slow_above: float) -> Mapping[str, Counters]:
        """See CounterSource."""
        wanted = list(targets)
        if not wanted:
            return {}
        try:
            answer = await self._ask(query(wanted, slow_above))
            found = parsed(answer, slow_above)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            self._say(f"Prometheus could not be asked: {type(error).__name__} {error}"[:300])
            return {}
        self._say(None)
        return {target.pod: found[target.pod] for target in wanted if target.pod in found}

    async def _ask(self, text: str) -> Any:
        form = {"query": text}
        async with self._session.post(self._url, data=form, timeout=self._timeout, allow_redirects=False) as response:
            body = await response.content.read(MAX_BYTES)
            if response.status != 200:
                raise ValueError(f"HTTP {response.status}")
            return json.loads(body)

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
        "__name__": "|".join((REQUESTS, COUNT, BUCKET, IN_FLIGHT)),
        "namespace": "|".join(sorted({re.escape(target.namespace) for target in wanted})),
        "pod": pods,
        "le": f"|{bound}|{bound}\\.0",
    }
    selector = ",".join(f"{label}=~{json.dumps(pattern)}" for label, pattern in matchers.items())
    others = "|".join(sorted(NOBODYS))
    return f'{{{selector},route!~"{others}"}}[{WINDOW_SECONDS}s]'


def parsed(answer: Any, slow_above: float) -> dict[str, Counters]:
    """Counters by pod from Prometheus' answer. Raises ValueError for one that is not a range of samples.

    A pod that is scraped twice has each series twice: the larger value is the newer one. A pod with a NaN is left out.
    """
    try:
        if answer["status"] != "success" or answer["data"]["resultType"] != "matrix":
            raise ValueError("not a range of samples")
        newest: defaultdict[str, dict[_Series, float]] = defaultdict(dict)
        for series in answer["data"]["result"]:
            labels, value = series["metric"], float(series["values"][-1][1])
            key = (labels["__name__"], labels.get("route", ""), labels.get("code", ""), labels.get("le", ""))
            known = newest[labels["pod"]]
            known[key] = _newer(value, known.get(key, value))
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(f"malformed answer: {error!r}") from error
    return {pod: found for pod, series in newest.items() if (found := _pod(series, slow_above)) is not None}


def _newer(one: float, other: float) -> float:
    """The larger of two readings of a counter; NaN where one of them is no number."""
    return nan if isnan(one) or isnan(other) else max(one, other)


def _pod(series: Mapping[_Series, float], slow_above: float) -> Counters | None:
    samples = (
        Sample(name, {"route": route, "code": code, **({"le": le} if le else {})}, value)
        for (name, route, code, le), value in series.items()
    )
    try:
        return tally(samples, slow_above)
    except ValueError:
        return None
