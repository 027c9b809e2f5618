"""Where raw request counters come from: one protocol, the pods themselves or Prometheus behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from slipway.plan.situation.observed import Counters
from slipway_contract import series

REQUESTS = f"{series.REQUESTS}_total"
HISTOGRAM = series.DURATION
"""Times the requests that latency is judged on: those of no more rows than spec.slo.latency.maxRows."""
COUNT, BUCKET = f"{HISTOGRAM}_count", f"{HISTOGRAM}_bucket"
BULK = series.BULK_DURATION
"""Times the others. A server of 0.1.0 has no such series: it timed all requests alike."""
BULK_COUNT = f"{BULK}_count"
IN_FLIGHT = series.IN_FLIGHT
SERIES = (REQUESTS, HISTOGRAM, COUNT, BUCKET, BULK, BULK_COUNT, IN_FLIGHT)
"""What Prometheus is asked for: histograms by either of their forms, classic or native."""
NOBODYS = frozenset(series.OTHERS)
"""Routes whose requests are not predictions."""


@dataclass(frozen=True)
class Target:
    """One pod to read."""

    namespace: str
    pod: str
    ip: str
    started: str | None = None
    """When its server's process started, as the kubelet says; None: not known."""
    restarts: int = 0
    """How many processes there were before this one."""


PodReading = Counters | str
"""A pod's counters, or why there are none: the end of a sentence that begins with the pod."""


class CounterSource(Protocol):
    """Reads the counters of many pods at once."""

    async def read(self, targets: Iterable[Target], slow_above: float) -> Mapping[str, PodReading]:
        """Readings by pod. `slow_above` is the latency objective in seconds.

        Never raises for a source that is down, slow or talks nonsense: a pod that nothing usable is known of comes
        with the reason, and nobody takes that for good news.
        """
        ...


@dataclass(frozen=True)
class Sample:
    """One series' newest value, as the pod exposed it."""

    name: str
    labels: Mapping[str, str]
    value: float
