"""Counters of many pods from Prometheus' answer to a range of raw samples.

Prometheus may be several servers behind one Service, which answer by turns and are a scrape apart, so a reading is
never known to be newer than the one before it: the counters say so (`Counters.delayed`). What a sample says of a pod
that was restarted depends on its time: only those that were surely taken since the present process started count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import inf, isclose, isnan, nan
from typing import Any

from slipway.metrics.source import BUCKET, BULK, BULK_COUNT, COUNT, HISTOGRAM, PodReading, Sample, Target
from slipway.metrics.tally import tally
from slipway.words.times import CLOCKS_APART_SECONDS, parse

WINDOW_SECONDS = 60
"""A pod that was not scraped for so long is as good as unread."""
CHECK = "check the metric relabelings of what scrapes it"

_COUNTS = {HISTOGRAM: COUNT, BULK: BULK_COUNT}
"""What a native histogram says of how many there were, as its classic series is called."""
_Key = tuple[str, str, str, str]
"""Metric, route, code and bucket bound: what tells a pod's series apart. The scraper's own labels do not."""
_Point = tuple[float, float]
"""Unix time and value."""


def parsed(answer: Any, targets: Iterable[Target], slow_above: float) -> dict[str, PodReading]:
    """Readings of `targets` by pod. Raises ValueError for an `answer` that is not a range of samples.

    A pod that is scraped twice has each series twice: the newer sample counts. A pod with a NaN is as good as unread.
    """
    wanted = {target.pod: target for target in targets}
    seen: dict[str, dict[_Key, _Point]] = {pod: {} for pod in wanted}
    older = set[str]()
    try:
        if answer["status"] != "success" or answer["data"]["resultType"] != "matrix":
            raise ValueError("gave no range of samples")
        for series in answer["data"]["result"]:
            pod = series["metric"]["pod"]
            for key, point in _points(series, slow_above):
                if pod not in wanted:
                    continue
                if point[0] < _earliest(wanted[pod]):
                    older.add(pod)
                    continue
                seen[pod][key] = _newer(point, seen[pod].get(key, point))
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(f"gave a malformed answer: {error!r}") from error
    return {pod: _reading(wanted[pod], series, slow_above, pod in older) for pod, series in seen.items()}


def _earliest(target: Target) -> float:
    """The Unix time from which on samples are of the pod's present process, whatever the difference of two clocks."""
    if target.restarts == 0 or target.started is None:
        return -inf
    return parse(target.started).timestamp() + CLOCKS_APART_SECONDS


def _points(series: Mapping[str, Any], slow_above: float) -> Iterator[tuple[_Key, _Point]]:
    """The newest sample of a series; of a native histogram what its classic series would say."""
    labels = series["metric"]
    name, route, code = labels["__name__"], labels.get("route", ""), labels.get("code", "")
    if name in _COUNTS:
        at, histogram = series["histograms"][-1]
        yield (_COUNTS[name], route, code, ""), (float(at), float(histogram["count"]))
        fast = _fast(histogram.get("buckets") or [], slow_above)
        if name == HISTOGRAM and fast is not None:
            yield (BUCKET, route, code, f"{slow_above:g}"), (float(at), fast)
        return
    at, value = series["values"][-1]
    le = f"{float(labels['le']):g}" if "le" in labels else ""
    yield (name, route, code, le), (float(at), float(value))


def _fast(buckets: Iterable[tuple[int, str, str, str]], slow_above: float) -> float | None:
    """How many of a native histogram's events were no slower than `slow_above`; None where a bucket straddles it.

    Each of `buckets` is its boundary rule, its lower and upper bound in seconds, and its own count; empty ones are
    left out. A classic histogram that Prometheus made native keeps its bounds, the objective's among them.
    """
    fast = 0.0
    for _, lower, upper, count in buckets:
        if float(upper) <= slow_above or isclose(float(upper), slow_above, rel_tol=1e-9):
            fast += float(count)
        elif float(lower) < slow_above and not isclose(float(lower), slow_above, rel_tol=1e-9) and float(count) > 0:
            return None
    return fast


def _newer(one: _Point, other: _Point) -> _Point:
    """The newer of two samples of a counter; NaN where one of them is no number."""
    at, value = max(one, other)
    return at, nan if isnan(one[1]) or isnan(other[1]) else value


def _reading(target: Target, series: Mapping[_Key, _Point], slow_above: float, older: bool) -> PodReading:
    """What the newest samples say of a pod; `older`: there are some of the process before the present one."""
    if not series:
        since = "since its server was restarted" if older else f"in the last {WINDOW_SECONDS} s"
        return f"was not scraped by Prometheus {since}; look at Prometheus' list of targets"
    samples = (
        Sample(name, {"route": route, "code": code, **({"le": le} if le else {})}, value)
        for (name, route, code, le), (_, value) in series.items()
    )
    try:
        return tally(samples, slow_above).from_afar(target.started)
    except ValueError as error:
        return f"has in Prometheus {error}; {CHECK}"[:300]
