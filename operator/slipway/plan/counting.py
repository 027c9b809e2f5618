"""Adds up what pods counted: over restarts, over pods that come and go, and for two sides at once."""

from __future__ import annotations

from collections.abc import Mapping

from slipway.api.revision import Beside, Counted, Watched
from slipway.plan.observed import Counters

MOST_PODS = 400
"""Pods whose last counters are kept. One that was not read this time keeps its own: it may answer again."""

Baseline = dict[str, tuple[int, int, int]]


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
    beside = Beside(
        requests=known.requests + theirs.requests,
        slow=known.slow + theirs.slow,
        errors=known.errors + theirs.errors,
        expected_slow=known.expected_slow + share * (ours.slow + theirs.slow),
        expected_errors=known.expected_errors + share * (ours.errors + theirs.errors),
    )
    return Watched(
        requests=before.requests + ours.requests,
        slow=before.slow + ours.slow,
        errors=before.errors + ours.errors,
        production=beside,
        baseline=dict(list(baseline.items())[-MOST_PODS:]),
    )


def _since(baseline: Baseline, counters: Mapping[str, Counters]) -> Counted:
    """What is new in `counters`; `baseline` is brought up to date.

    A pod that is read for the first time sets its baseline: what it answered before is no part of this. A counter that
    went down belongs to a restarted process: everything that it shows is new.
    """
    totals = [0, 0, 0]
    for pod, read in counters.items():
        current = (read.requests, read.slow, read.errors)
        last = baseline.get(pod, current)
        last = (0, 0, 0) if current[0] < last[0] else last
        totals = [total + max(0, now - then) for total, now, then in zip(totals, current, last, strict=True)]
        baseline.pop(pod, None)
        baseline[pod] = current  # the newest last
    requests, slow, errors = totals
    return Counted(requests=requests, slow=min(slow, requests), errors=min(errors, requests))
