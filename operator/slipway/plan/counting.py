"""Adds up what pods counted: over restarts, over pods that come and go, and for two sides at once."""

from __future__ import annotations

from collections.abc import Mapping

from slipway.api.revision import Beside, Counted, Watched
from slipway.plan.observed import Counters

Baseline = dict[str, tuple[int, int, int]]

MOST_PODS = 400
"""Pods whose last reading is kept; beyond that, those that were not read this time are forgotten."""


def added(before: Watched, counters: Mapping[str, Counters]) -> Watched:
    """`before` with what every pod counted since it was last read.

    A pod that is read for the first time sets its baseline: what it answered before is no part of this. A counter that
    went down belongs to a restarted process: everything that it shows is new. A pod that could not be read keeps its
    baseline, so nothing that it counts meanwhile is lost.
    """
    baseline: Baseline = dict(before.baseline)
    ours = _since(baseline, counters)
    return before.model_copy(
        update={**_sum(before, ours), "baseline": _bounded(baseline, counters)},
    )


def counted_beside(before: Watched, candidate: Mapping[str, Counters], production: Mapping[str, Counters]) -> Watched:
    """`before` with what the pods of both sides counted since they were last read, by pod.

    Bad requests of both sides are shared out by the candidate's share of the interval's requests: that is what the
    comparison holds it to. See `slipway.gates.comparison`.
    """
    baseline: Baseline = dict(before.baseline)
    ours, theirs = _since(baseline, candidate), _since(baseline, production)
    requests = ours.requests + theirs.requests
    share = ours.requests / requests if requests else 0.0
    known = before.production or Beside()
    beside = known.model_copy(
        update={
            **_sum(known, theirs),
            "expected_slow": known.expected_slow + share * (ours.slow + theirs.slow),
            "expected_errors": known.expected_errors + share * (ours.errors + theirs.errors),
        }
    )
    both = {**candidate, **production}
    return before.model_copy(update={**_sum(before, ours), "production": beside, "baseline": _bounded(baseline, both)})


def renewed(before: Watched, counters: Mapping[str, Counters]) -> bool:
    """Whether a pod is new or was restarted: its baseline is to be written down before it counts on."""
    return any(pod not in before.baseline or read.requests < before.baseline[pod][0] for pod, read in counters.items())


def _sum(before: Counted, new: Counted) -> dict[str, int]:
    return {key: getattr(before, key) + getattr(new, key) for key in ("requests", "slow", "errors")}


def _since(baseline: Baseline, counters: Mapping[str, Counters]) -> Counted:
    """What is new in `counters`; `baseline` is brought up to date."""
    totals = [0, 0, 0]
    for pod, read in counters.items():
        current = (read.requests, read.slow, read.errors)
        last = baseline.get(pod, current)
        last = (0, 0, 0) if current[0] < last[0] else last
        totals = [total + max(0, now - then) for total, now, then in zip(totals, current, last, strict=True)]
        baseline[pod] = current
    requests, slow, errors = totals
    return Counted(requests=requests, slow=min(slow, requests), errors=min(errors, requests))


def _bounded(baseline: Baseline, read: Mapping[str, Counters]) -> Baseline:
    if len(baseline) <= MOST_PODS:
        return baseline
    return {pod: last for pod, last in baseline.items() if pod in read}
