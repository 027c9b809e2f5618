"""Adds up what pods counted: over restarts, over pods that come and go, and for two sides at once.

Counters only grow while a process lives. So a reading of the process that the last one was of adds what is more, and
one that shows less is an older one: no news. Whether it is another process is never guessed from a lower count where
an older reading can be the cause (`Counters.delayed`): then the start of the process has to say so. In doubt it is the
same process, so that never more is counted than was answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from slipway.api.revision import Beside, Counted, Mark, Watched
from slipway.plan.situation.observed import Counters
from slipway.words.times import CLOCKS_APART_SECONDS, parse

MOST_PODS = 400
"""Pods whose last reading is kept; beyond that, those that were not read this time are forgotten."""
_NOTHING = (0, 0, 0, 0)


class _Last(NamedTuple):
    """What was last read from a pod."""

    counts: tuple[int, int, int, int]
    """Requests, slow, errors, timed."""
    mark: Mark
    read_at: str | None
    """When it was read at the latest."""


def added(before: Watched, counters: Mapping[str, Counters]) -> Watched:
    """`before` with what every pod counted since it was last read.

    A pod that is read for the first time sets its baseline: what it answered before is no part of this. Everything that
    a restarted process shows is new. A pod that could not be read keeps its baseline, so nothing that it counts
    meanwhile is lost.
    """
    return before.model_copy(update={**_sum(before, _since(before, counters)), **_written(before, counters)})


def counted_beside(before: Watched, candidate: Mapping[str, Counters], production: Mapping[str, Counters]) -> Watched:
    """`before` with what the pods of both sides counted since they were last read, by pod.

    Bad requests of both sides are shared out by the candidate's share of the interval's requests: that is what the
    comparison holds it to. See `slipway.gates.watch.comparison`.
    """
    ours, theirs = _since(before, candidate), _since(before, production)
    known = before.production or Beside()
    beside = known.model_copy(
        update={
            **_sum(known, theirs),
            "expected_slow": known.expected_slow + _expected("slow", ours, theirs),
            "expected_errors": known.expected_errors + _expected("errors", ours, theirs),
        }
    )
    written = _written(before, {**candidate, **production})
    return before.model_copy(update={**_sum(before, ours), "production": beside, **written})


def renewed(before: Watched, counters: Mapping[str, Counters]) -> bool:
    """Whether a pod is new or was restarted: its baseline is to be written down before it counts on."""
    lasts = ((_last(before, pod), read) for pod, read in counters.items())
    return any(last is None or _restarted(last, read) for last, read in lasts)


def _expected(key: str, ours: Counted, theirs: Counted) -> float:
    """Bad requests of both sides by our share of the requests that they are a part of."""
    requests = ours.out_of(key) + theirs.out_of(key)
    bad = int(getattr(ours, key)) + int(getattr(theirs, key))
    return ours.out_of(key) * bad / requests if requests else 0.0


def _sum(before: Counted, new: Counted) -> dict[str, int | None]:
    sums = {key: getattr(before, key) + getattr(new, key) for key in ("requests", "slow", "errors")}
    return {**sums, "timed": _partly(before.by_latency + new.by_latency, sums["requests"])}


def _partly(timed: int, requests: int) -> int | None:
    """`timed` where it is not all of the `requests`."""
    return timed if timed < requests else None


def _since(before: Watched, counters: Mapping[str, Counters]) -> Counted:
    """What is new in `counters`. Pods that are read for the first time have nothing that is."""
    totals = [0, 0, 0, 0]
    for pod, read in counters.items():
        last = _last(before, pod)
        if last is not None and not _outdated(last, read):
            then = _NOTHING if _restarted(last, read) else last.counts
            totals = [total + max(0, now - was) for total, now, was in zip(totals, _counts(read), then, strict=True)]
    requests, slow, errors, timed = totals
    timed = min(timed, requests)
    return Counted(
        requests=requests, slow=min(slow, timed), errors=min(errors, requests), timed=_partly(timed, requests)
    )


def _counts(read: Counters) -> tuple[int, int, int, int]:
    return read.requests, read.slow, read.errors, read.by_latency


def _last(before: Watched, pod: str) -> _Last | None:
    """The last reading of `pod`; of one that an earlier operator wrote down, only the baseline is known."""
    known, mark = before.baseline.get(pod), (before.marks or {}).get(pod, Mark())
    if known is None:
        return None
    return _Last((*known, known[0] if mark.timed is None else mark.timed), mark, before.read_at)


def _restarted(last: _Last, read: Counters) -> bool:
    """Whether `read` is of a later process than the last reading."""
    if read.delayed and last.mark.started is not None:
        return _later(read.started, last.mark.started)
    lower = not read.delayed and read.requests < last.counts[0]
    return lower or _later(read.started, last.read_at, CLOCKS_APART_SECONDS)


def _outdated(last: _Last, read: Counters) -> bool:
    """Whether `read` is of an earlier process than the last reading: no news, however much it shows."""
    return read.delayed and _later(last.mark.started, read.started)


def _later(one: str | None, other: str | None, seconds: float = 0.0) -> bool:
    """Whether `one` is known to be more than `seconds` after `other`."""
    return one is not None and other is not None and (parse(one) - parse(other)).total_seconds() > seconds


def _written(before: Watched, counters: Mapping[str, Counters]) -> dict[str, object]:
    """The baseline and its marks, brought up to date."""
    baseline, marks = dict(before.baseline), dict(before.marks or {})
    for pod, read in counters.items():
        counts, mark = _noted(_last(before, pod), read)
        baseline[pod] = counts[:3]
        marks[pod] = mark.model_copy(update={"timed": _partly(counts[3], counts[0])})
    if len(baseline) > MOST_PODS:
        baseline = {pod: known for pod, known in baseline.items() if pod in counters}
    marks = {pod: mark for pod, mark in marks.items() if pod in baseline and mark != Mark()}
    return {"baseline": baseline, "marks": marks or None}


def _noted(last: _Last | None, read: Counters) -> tuple[tuple[int, int, int, int], Mark]:
    """What to keep of a pod after `read`: the most that its process has shown."""
    counts, mark = _counts(read), Mark(started=read.started)
    if last is None:
        return counts, mark
    if _outdated(last, read):
        return last.counts, last.mark
    if not _restarted(last, read):
        requests, slow, errors, timed = (max(now, was) for now, was in zip(counts, last.counts, strict=True))
        return (requests, slow, errors, timed), _same(last.mark, read)
    told = read.delayed or _later(read.started, last.mark.started)
    return counts, mark if told else Mark()


def _same(mark: Mark, read: Counters) -> Mark:
    """The mark of a process that was read again: its start, as it was told last."""
    known = mark.started is not None and not _later(read.started, mark.started)
    return mark if known else Mark(started=read.started)
