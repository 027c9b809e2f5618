"""The smoke gate: from the load's raw outcomes to a verdict. For gate Jobs: needs scipy."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from slipway.api.base import seconds
from slipway.api.gates.specs import SmokeBatch, SmokeGate
from slipway.api.gates.verdict import GateResult, Verdict
from slipway.api.policy import SLOW_RATIO
from slipway.gates.statistics import lag
from slipway.gates.statistics.binomial import lower_bound, upper_bound
from slipway.gates.statistics.lag import Shot
from slipway.words.text import count, plain

NAME = "smoke"
CONFIDENCE = 0.95

LAG_SHARE = 0.025
"""The generator keeps its schedule when 95 % of requests leave within this share of the latency budget.

A process that is woken late to send is woken as late to receive, so its p95 is then within 5 % of the truth.
"""

__all__ = ["CONFIDENCE", "LAG_SHARE", "NAME", "SLOW_RATIO", "Shot", "SmokeReport", "judge", "percentile"]

_SHOWN_FAULTS = 5
_WORST_FIRST = (Verdict.ERROR, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS)


@dataclass(frozen=True, slots=True)
class SmokeReport:
    """What the load saw. No shots and no health problem: the load never ran."""

    shots: tuple[Shot, ...]
    warm_up: tuple[Shot, ...] = ()
    unhealthy: str | None = None
    """What was wrong with GET /readyz, as a sentence."""
    batch: tuple[Shot, ...] = ()
    """The second load, of requests with several rows."""
    reached: bool = True
    """Whether any request got a connection; an unreachable candidate is an outage, not a failure of the model."""


def judge(gate: SmokeGate, report: SmokeReport) -> GateResult:
    """The verdict on a load.

    Pass when the exact 95 % upper bound of the share of slow requests is at most 5 % and the share of faults is at
    most `maxErrorRatio`; Fail when the lower bound is above 5 % or there are more faults; Inconclusive in between;
    Error when nothing was measured, or when the generator did not keep its schedule and that could explain why there
    is no Pass. A Pass stands: latency counts from the schedule, so lateness only ever makes a model look worse.
    """
    if not report.reached or (not report.shots and not report.unhealthy):
        return _plain_result(Verdict.ERROR, report.unhealthy or "no request reached the candidate")
    if report.unhealthy:
        return _plain_result(Verdict.FAIL, report.unhealthy)
    single = _judge_load(gate, report)
    return single if gate.batch is None else _with_batch(single, gate, gate.batch, report.batch)


def _judge_load(gate: SmokeGate, report: SmokeReport) -> GateResult:
    budget = seconds(gate.p95)
    shots = report.shots
    slow = sum(shot.slow(budget) for shot in shots)
    bound = upper_bound(slow, len(shots), CONFIDENCE)
    verdict, message = _decide(gate, shots, slow)
    p95 = percentile([shot.latency for shot in shots], 0.95)
    return GateResult(
        name=NAME,
        verdict=verdict,
        message=plain(message, 1024),
        measured=None if p95 is None else _rounded(p95 * 1000),
        threshold=_rounded(budget * 1000),
        unit="ms",
        n=len(shots),
        bound=_rounded(bound),
        method="open-loop load at a fixed rate, latency from the scheduled time; exact binomial bound of slow requests",
        details=_details(gate, report, slow, bound),
    )


def _with_batch(single: GateResult, gate: SmokeGate, batch: SmokeBatch, shots: tuple[Shot, ...]) -> GateResult:
    """`single` with the batch load's verdict beside it; the worse of the two counts."""
    if not shots:
        return _plain_result(Verdict.ERROR, "the batch load never ran")
    load = {"p95": batch.p95, "rate": batch.rate, "requests": batch.requests}
    seen = _judge_load(gate.model_copy(update=load), SmokeReport(shots))
    part = {"rows": batch.rows, "verdict": seen.verdict.value, "n": seen.n, "slow": seen.details["slow"]}
    part |= {"p95Ms": seen.measured, "thresholdMs": seen.threshold, "slowRatioUpperBound": seen.bound}
    first = _WORST_FIRST.index(seen.verdict) < _WORST_FIRST.index(single.verdict)
    message = f"batches of {batch.rows} rows: {seen.message}" if first else single.message
    update = {"message": plain(message, 1024), "details": {**single.details, "batch": part}}
    return single.model_copy(update={**update, "verdict": seen.verdict if first else single.verdict})


def _decide(gate: SmokeGate, shots: Sequence[Shot], slow: int) -> tuple[Verdict, str]:
    n = len(shots)
    faults = [shot.fault for shot in shots if shot.fault]
    bound, low = upper_bound(slow, n, CONFIDENCE), lower_bound(slow, n, CONFIDENCE)
    p95 = percentile([shot.latency for shot in shots], 0.95) or 0.0
    seen = f"p95 is {p95 * 1000:.1f} ms; {slow} of {n} requests took longer than {gate.p95}"
    if not _too_many(gate, faults, n) and bound <= SLOW_RATIO:
        return Verdict.PASS, f"{seen}; at most {bound:.2%} are slow (95 % confidence); limit 5 %"
    if (lag_problem := _lagging(gate, shots)) and not _fails_all_the_same(gate, shots):
        return Verdict.ERROR, lag_problem
    if _too_many(gate, faults, n):
        listed = (f"{times} x {plain(text, 120)}" for text, times in Counter(faults).most_common(_SHOWN_FAULTS))
        says = f"{count(len(faults), 'request')} of {n} had no valid response; limit {gate.max_error_ratio:.2%}"
        return Verdict.FAIL, f"{says}: {'; '.join(listed)}"
    if low > SLOW_RATIO:
        return Verdict.FAIL, f"{seen}; at least {low:.2%} are slow (95 % confidence); limit 5 %"
    return Verdict.INCONCLUSIVE, (
        f"{seen}; between {low:.2%} and {bound:.2%} are slow (95 % confidence), which includes the limit of 5 "
        "%: send more requests"
    )


def _too_many(gate: SmokeGate, faults: Sequence[object], n: int) -> bool:
    return len(faults) > gate.max_error_ratio * n + 1e-9


def _fails_all_the_same(gate: SmokeGate, shots: Sequence[Shot]) -> bool:
    """Whether the load fails even if everything that the generator's lateness can explain is forgiven.

    A connection that broke tells nothing; what was answered or given up counts with the latency that a punctual
    generator would have seen at least (lag.forgivable).
    """
    budget = seconds(gate.p95)
    forgiven = lag.forgivable(shots)
    told = ((shot, late) for shot, late in zip(shots, forgiven, strict=True) if shot.answered or shot.given_up)
    slow = sum(shot.latency - late > budget for shot, late in told)
    wrong = [shot for shot in shots if shot.fault and shot.answered]
    return _too_many(gate, wrong, len(shots)) or lower_bound(slow, len(shots), CONFIDENCE) > SLOW_RATIO


def _lagging(gate: SmokeGate, shots: Sequence[Shot]) -> str | None:
    allowed = LAG_SHARE * seconds(gate.p95)
    late = percentile([shot.lag for shot in shots], 0.95) or 0.0
    if late <= allowed:
        return None
    return (
        f"the load generator fell behind its schedule: 5 % of requests left more than {late * 1000:.1f} ms late, "
        f"{allowed * 1000:.1f} ms is allowed; give the gate's pod more CPU or lower the rate of {gate.rate:g}/s"
    )


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least `share` (0 to 1) of `values` do not exceed; None of no values."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(share * len(values) - 1e-9) - 1)]


def _details(gate: SmokeGate, report: SmokeReport, slow: int, bound: float) -> dict[str, object]:
    latencies = [shot.latency for shot in report.shots]
    faults = Counter(plain(shot.fault, 120) for shot in report.shots if shot.fault)
    return {
        "slow": slow,
        "slowRatioUpperBound": _rounded(bound),
        "confidence": CONFIDENCE,
        "errors": sum(faults.values()),
        "errorRatioUpperBound": _rounded(upper_bound(sum(faults.values()), len(latencies), CONFIDENCE)),
        "faults": dict(faults.most_common(_SHOWN_FAULTS)),
        "latencyMs": {f"p{round(100 * share)}": _milliseconds(latencies, share) for share in (0.5, 0.9, 0.95, 0.99, 1)},
        "lagMs": {"p95": _milliseconds([shot.lag for shot in report.shots], 0.95)},
        "warmUp": {"requests": len(report.warm_up), "errors": sum(shot.fault is not None for shot in report.warm_up)},
        "rate": gate.rate,
    }


def _milliseconds(values: Sequence[float], share: float) -> float | None:
    value = percentile(values, share)
    return None if value is None else _rounded(value * 1000)


def _rounded(value: float) -> float:
    """`value` with six significant digits: what a person checks, and what 4 KiB have room for."""
    return float(f"{value:.6g}")


def _plain_result(verdict: Verdict, message: str) -> GateResult:
    return GateResult(name=NAME, verdict=verdict, message=plain(message, 1024))
