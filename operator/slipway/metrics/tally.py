"""One pod's counters from its samples, which must be complete: what did not arrive is not known, and never zero.

A server shows every series below from its first second on, at 0. So a series that is absent was lost on its way, such
as by a metric relabeling, and would have said something.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from math import inf, isclose, isfinite

from slipway.metrics.source import BUCKET, BULK_COUNT, COUNT, IN_FLIGHT, NOBODYS, REQUESTS, Sample
from slipway.plan.situation.observed import Counters
from slipway_contract import series

_LABELS = {REQUESTS: ("route", "code"), COUNT: ("route",), BUCKET: ("route", "le"), BULK_COUNT: ("route",)}
"""What a sample must say of itself."""
_Sums = Mapping[str, float]
"""Requests by route."""


def tally(samples: Iterable[Sample], slow_above: float) -> Counters:
    """One pod's counters. Raises ValueError for samples that do not say how many requests failed, or were slow.

    5xx answers are errors. Slow are the timed answers above the bucket bound `slow_above`, in seconds; the server has
    such a bucket because it is told the objective. Every answer is counted by its code and timed once: the larger of
    the two sums is the number of requests, because a series of 4xx codes is absent until there is one, and because a
    page of several workers is not written at one moment.
    """
    found = [sample for sample in samples if sample.labels.get("route") not in NOBODYS]
    for sample in found:
        _usable(sample)
    answered, timed, bulk = (_by_route(found, name) for name in (REQUESTS, COUNT, BULK_COUNT))
    fast = {s.labels["route"]: s.value for s in found if s.name == BUCKET and _bound(s, slow_above)}
    _codes(found)
    _durations(answered, timed, bulk)
    _buckets(found, timed)
    if any(count and route not in fast for route, count in timed.items()):
        raise ValueError(f"no bucket of {BUCKET} that ends at {slow_above:g} s")
    total = sum(timed.values())
    requests = max(sum(answered.values()), total + sum(bulk.values()))
    return Counters(
        requests=int(requests),
        slow=int(total - sum(fast.values())),
        errors=int(sum(s.value for s in found if s.name == REQUESTS and s.labels["code"].startswith("5"))),
        in_flight=int(sum(sample.value for sample in found if sample.name == IN_FLIGHT)),
        timed=None if total == requests else int(total),
    )


def _usable(sample: Sample) -> None:
    """A number that is not finite says nothing, and without its labels nobody knows what a number is about."""
    if not isfinite(sample.value) or sample.value < 0:
        raise ValueError(f"{sample.name} is {sample.value}")
    for label in _LABELS.get(sample.name, ()):
        if not sample.labels.get(label):
            raise ValueError(f"{sample.name} without the label {label}: what it counts is not known")


def _by_route(samples: Iterable[Sample], name: str) -> dict[str, float]:
    sums: defaultdict[str, float] = defaultdict(float)
    for sample in samples:
        if sample.name == name:
            sums[sample.labels["route"]] += sample.value
    return sums


def _bound(sample: Sample, slow_above: float) -> bool:
    """Whether it is the bucket that ends at the objective."""
    return isclose(float(sample.labels["le"]), slow_above, rel_tol=1e-9)


def _codes(found: Iterable[Sample]) -> None:
    """Every route of predictions has its counter of each code that is there from the start."""
    shown = {(s.labels["route"], s.labels["code"]) for s in found if s.name == REQUESTS}
    if not shown:
        raise ValueError(f"no series {REQUESTS}: how many requests failed is not known")
    for route in series.PREDICTIONS:
        for code in series.FROM_THE_START:
            if (route, str(code)) not in shown:
                name = f'{REQUESTS}{{route="{route}",code="{code}"}}'
                raise ValueError(f"no series {name}: how many requests failed is not known")


def _durations(answered: _Sums, timed: _Sums, bulk: _Sums) -> None:
    """Every route has both its requests and its durations; that of many rows too, where the server times them apart."""
    _same(COUNT, answered, timed, "requests without durations cannot be judged")
    _same(REQUESTS, timed, answered, "durations without requests cannot be judged")
    if bulk:
        _same(BULK_COUNT, answered, bulk, "how many requests there were is not known")
        _same(REQUESTS, bulk, answered, "durations without requests cannot be judged")


def _same(name: str, wanted: Collection[str], there: Collection[str], why: str) -> None:
    missing = sorted(set(wanted) - set(there))
    if missing:
        raise ValueError(f'no series {name}{{route="{missing[0]}"}}: {why}')


def _buckets(found: Iterable[Sample], timed: _Sums) -> None:
    """Each bucket holds those below it, and the count holds all."""
    by_route: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for sample in found:
        if sample.name == BUCKET:
            by_route[sample.labels["route"]].append((float(sample.labels["le"]), sample.value))
    _same(COUNT, by_route, timed, "how many requests were slow is not known")
    for route, buckets in by_route.items():
        below = 0.0
        for bound, value in [*sorted(buckets), (inf, timed[route])]:
            if value < below:
                within = "in all" if bound == inf else f"within {bound:g} s"
                name = f'{BUCKET}{{route="{route}"}}'
                raise ValueError(f"{name} with {value:g} requests {within} and {below:g} of them faster")
            below = value
