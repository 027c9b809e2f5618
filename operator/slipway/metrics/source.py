"""Where raw request counters come from: one protocol, the pods themselves or Prometheus behind it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from math import isclose, isfinite
from typing import Protocol

from slipway.plan.situation.observed import Counters
from slipway_contract import series

REQUESTS = f"{series.REQUESTS}_total"
HISTOGRAM = series.DURATION
"""Times the requests that latency is judged on: those of no more rows than spec.slo.latency.maxRows."""
COUNT, BUCKET = f"{HISTOGRAM}_count", f"{HISTOGRAM}_bucket"
IN_FLIGHT = series.IN_FLIGHT
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


def tally(samples: Iterable[Sample], slow_above: float) -> Counters:
    """One pod's counters. Raises ValueError for samples that do not say how many requests failed, or were slow.

    5xx answers are errors. Slow are the timed answers above the bucket bound `slow_above`; the server has such a bucket
    because it is told the objective. A series that does not arrive leaves open what it would have said, and a number
    that is not finite says nothing: both are as good as unread, never good news.
    """
    found = [sample for sample in samples if sample.labels.get("route") not in NOBODYS]
    for sample in found:
        if not isfinite(sample.value) or sample.value < 0:
            raise ValueError(f"{sample.name} is {sample.value}")
    answered, timed = _by_route(found, REQUESTS), _by_route(found, COUNT)
    fast = _by_route([sample for sample in found if _bound(sample, slow_above)], BUCKET)
    _complete(answered, timed, fast, slow_above)
    total = sum(timed.values())
    requests = max(sum(answered.values()), total)
    return Counters(
        requests=int(requests),
        slow=int(max(0.0, total - sum(fast.values()))),
        errors=int(sum(s.value for s in found if s.name == REQUESTS and s.labels.get("code", "").startswith("5"))),
        in_flight=int(sum(sample.value for sample in found if sample.name == IN_FLIGHT)),
        timed=None if total == requests else int(total),
    )


def _by_route(samples: Iterable[Sample], name: str) -> dict[str, float]:
    sums: defaultdict[str, float] = defaultdict(float)
    for sample in samples:
        if sample.name == name:
            sums[sample.labels.get("route", "")] += sample.value
    return sums


def _bound(sample: Sample, slow_above: float) -> bool:
    """Whether it is the bucket that ends at the objective."""
    return isclose(float(sample.labels.get("le", "nan")), slow_above, rel_tol=1e-9)


def _complete(
    answered: Mapping[str, float], timed: Mapping[str, float], fast: Collection[str], slow_above: float
) -> None:
    """Every route has its requests, its durations and, where it has any, the bucket at the objective."""
    if not answered:
        raise ValueError(f"no series {REQUESTS}: how many requests failed is not known")
    untimed = sorted(set(answered) - set(timed))
    if untimed:
        raise ValueError(f'no series {COUNT}{{route="{untimed[0]}"}}: requests without durations cannot be judged')
    if any(count and route not in fast for route, count in timed.items()):
        raise ValueError(f"no bucket of {BUCKET} that ends at {slow_above:g} s")
