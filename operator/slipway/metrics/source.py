"""Where raw request counters come from: one protocol, the pods themselves or Prometheus behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isclose, isfinite
from typing import Protocol

from slipway.plan.observed import Counters

REQUESTS = "inference_requests_total"
COUNT, BUCKET = "inference_request_duration_seconds_count", "inference_request_duration_seconds_bucket"
IN_FLIGHT = "inference_in_flight_requests"
NOBODYS = frozenset({"probe", "other"})
"""Routes whose requests are not predictions."""


@dataclass(frozen=True)
class Target:
    """One pod to read."""

    namespace: str
    pod: str
    ip: str


class CounterSource(Protocol):
    """Reads the counters of many pods at once."""

    async def read(self, targets: Iterable[Target], slow_above: float) -> Mapping[str, Counters]:
        """Counters by pod. `slow_above` is the latency objective in seconds.

        Never raises for a source that is down, slow or talks nonsense: the pods that nothing usable is known of are
        left out, and nobody takes that for good news.
        """
        ...


@dataclass(frozen=True)
class Sample:
    """One series' newest value, as the pod exposed it."""

    name: str
    labels: Mapping[str, str]
    value: float


def tally(samples: Iterable[Sample], slow_above: float) -> Counters:
    """One pod's counters. Raises ValueError for samples that do not say how many requests were slow.

    5xx answers are errors. Slow are the answers above the bucket bound `slow_above`; the server has such a bucket
    because it is told the objective. A pod that counts durations without that bucket leaves open what is slow, and a
    number that is not finite says nothing: both are as good as unread, never good news.
    """
    requests = errors = total = fast = in_flight = 0.0
    bounded = False
    for sample in samples:
        if not isfinite(sample.value) or sample.value < 0:
            raise ValueError(f"{sample.name} is {sample.value}")
        if sample.labels.get("route") in NOBODYS:
            continue
        if sample.name == REQUESTS:
            requests += sample.value
            errors += sample.value if sample.labels.get("code", "").startswith("5") else 0.0
        elif sample.name == COUNT:
            total += sample.value
        elif sample.name == IN_FLIGHT:
            in_flight += sample.value
        elif sample.name == BUCKET and isclose(float(sample.labels.get("le", "nan")), slow_above, rel_tol=1e-9):
            fast, bounded = fast + sample.value, True
    if total and not bounded:
        raise ValueError(f"no bucket of {BUCKET} ends at {slow_above:g} s")
    slow = max(0.0, total - fast)
    return Counters(int(max(requests, total)), int(slow), int(errors), int(in_flight))
