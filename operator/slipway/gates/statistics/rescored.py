"""The metric gate on answers to the same rows from candidate and production. For gate Jobs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from slipway.api.gates.specs import Direction, MetricGate, MetricMode
from slipway.api.gates.verdict import GateResult, Verdict
from slipway.gates.inline.metrics import direction, judge_figures, limits
from slipway.gates.inline.metrics import figure as shown
from slipway.gates.statistics import bootstrap, delong
from slipway.gates.statistics.delong import Comparison
from slipway.gates.statistics.figures import Array, Labels, Unmeasurable, decisions, figure, scores
from slipway.words.text import count, plain

_WORST_FIRST = (Verdict.ERROR, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS)
_SHOWN_SEGMENTS = 20
_NO_SEGMENT = "(none)"


@dataclass(frozen=True, slots=True)
class Rescored:
    """Right answers and both sides' answers to n rows; arrays have shape (n,)."""

    truth: Labels
    candidate: Array
    production: Array | None
    """None when nothing is in production yet."""
    segments: Array | None = None


def judge(gate: MetricGate, data: Rescored) -> GateResult:
    """The verdict on freshly computed figures: point estimates (Strict) or their paired difference (Statistical).

    A figure that the rows cannot give is Inconclusive. Floors count in both modes, and in every segment.
    """
    try:
        parts = [_judge_whole(gate, data), *_judge_segments(gate, data)]
    except Unmeasurable as problem:
        return GateResult(
            name=f"metrics/{gate.name}",
            verdict=Verdict.INCONCLUSIVE,
            message=plain(f"{gate.name} cannot be measured: {problem}", 1024),
            n=len(data.candidate),
        )
    worst = min(parts, key=lambda part: _WORST_FIRST.index(part.verdict))
    message = worst.message if worst.verdict is not Verdict.PASS else "; ".join(part.message for part in parts)
    extra = {**parts[0].details, **_segment_details(parts[1:]), **_changed(data)}
    return parts[0].model_copy(
        update={
            "verdict": worst.verdict,
            "message": plain(message, 1024),
            "n": len(data.candidate),
            "details": extra,
        }
    )


def _judge_whole(gate: MetricGate, data: Rescored) -> GateResult:
    ours = figure(gate.name, data.truth, data.candidate)
    theirs = None if data.production is None else figure(gate.name, data.truth, data.production)
    if gate.mode is MetricMode.STATISTICAL and data.production is not None and theirs is not None:
        floors = judge_figures(gate, ours, None)
        if floors.verdict is Verdict.PASS:
            return _judge_difference(gate, _compare(gate, data, data.production), ours, theirs)
        return floors
    method = "point estimates on the same rows, through both served endpoints"
    return judge_figures(gate, ours, theirs).model_copy(update={"method": method})


def _compare(gate: MetricGate, data: Rescored, production: Array) -> Comparison:
    if gate.name == "auc":
        return delong.compare(data.truth.binary, scores(data.candidate), scores(production), gate.confidence)
    return bootstrap.compare(gate.name, data.truth, data.candidate, production, gate.confidence)


def _judge_difference(gate: MetricGate, seen: Comparison, ours: float, theirs: float) -> GateResult:
    """Non-inferiority: Pass when a loss beyond the margin is excluded, Fail when it is shown."""
    higher = direction(gate) is Direction.HIGHER_IS_BETTER
    gain = seen.difference if higher else -seen.difference
    at_worst, at_best = (seen.lower, seen.upper) if higher else (-seen.upper, -seen.lower)
    verdict = Verdict.PASS if at_worst >= -gate.margin else Verdict.FAIL if at_best < -gate.margin else None
    says = (
        f"the candidate's {gate.name} is {shown(ours)}, production's {shown(theirs)}: a gain of {shown(gain)}, "
        f"with {gate.confidence:.0%} confidence at least {shown(at_worst)}; a loss of {shown(gate.margin)} is "
        "allowed"
    )
    more = "" if verdict else f" and cannot be ruled out: the gain may be up to {shown(at_best)}; score more rows"
    return GateResult(
        name=f"metrics/{gate.name}",
        verdict=verdict or Verdict.INCONCLUSIVE,
        message=plain(says + more, 1024),
        measured=gain,
        threshold=-gate.margin,
        unit=gate.name,
        bound=at_worst,
        method=f"{seen.method}, one-sided {gate.confidence:.0%}",
        details={
            "candidate": ours,
            "production": theirs,
            "gainInterval": [at_worst, at_best],
            "confidence": gate.confidence,
            "standardError": seen.standard_error,
        },
    )


def _judge_segments(gate: MetricGate, data: Rescored) -> Iterator[GateResult]:
    if gate.segments is None or data.segments is None:
        return
    floors = gate.model_copy(update={"minimum": gate.segments.minimum, "maximum": gate.segments.maximum})
    named = np.array([_NO_SEGMENT if value is None or value != value else str(value) for value in data.segments])
    for segment in np.unique(named).tolist():
        mine = named == segment
        rows = int(mine.sum())
        label = f"segment {gate.segments.column}={plain(segment, 60)}"
        if rows < gate.segments.min_rows:
            says = f"{label} has {count(rows, 'row')}, fewer than the {gate.segments.min_rows} that are needed"
            yield GateResult(name=label[:63], verdict=Verdict.INCONCLUSIVE, message=says, n=rows)
        else:
            yield _judge_segment(floors, data, mine, label)


def _judge_segment(floors: MetricGate, data: Rescored, mine: Array, label: str) -> GateResult:
    truth = Labels(data.truth.values[mine], data.truth.classes, data.truth.positive)
    rows = int(mine.sum())
    if data.truth.positive is not None and len(np.unique(truth.values)) < 2:
        says = f"{label} has rows of one class only"
        return GateResult(name=label[:63], verdict=Verdict.INCONCLUSIVE, message=says, n=rows)
    value = figure(floors.name, truth, data.candidate[mine])
    broken = [limit for limit in limits(floors, None) if not limit.holds(value)]
    wanted = " and ".join(limit.sentence for limit in broken) or "within the gate's limits"
    says = f"in {label} {floors.name} is {shown(value)} and must be {wanted}" if broken else f"{label} holds"
    verdict = Verdict.FAIL if broken else Verdict.PASS
    return GateResult(name=label[:63], verdict=verdict, message=says, measured=value, n=rows)


def _segment_details(parts: list[GateResult]) -> dict[str, object]:
    if not parts:
        return {}
    ordered = sorted(parts, key=lambda part: _WORST_FIRST.index(part.verdict))[:_SHOWN_SEGMENTS]
    kept = [{"segment": p.name, "verdict": p.verdict.value, "n": p.n, "measured": p.measured} for p in ordered]
    return {"segments": kept, "segmentCount": len(parts)}


def _changed(data: Rescored) -> dict[str, object]:
    """The share of rows on which candidate and production decide differently, where answers are decisions at all."""
    if data.production is None:
        return {}
    try:
        differ = decisions(data.truth, data.candidate) != decisions(data.truth, data.production)
    except Unmeasurable:
        return {}
    return {"decisionsChanged": float(np.mean(differ))}
