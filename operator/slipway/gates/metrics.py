"""The metric gate: the candidate's figure against current production's, and against floors."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from slipway.api.gates import HIGHER_IS_BETTER, LOWER_IS_BETTER, Direction, MetricGate
from slipway.api.verdict import GateResult, Verdict

ROUNDING = 1e-9
"""Differences up to this share of the limit (or this much, below 1) are floating-point rounding, not regression."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One thing that the candidate's figure is held against."""

    value: float
    at_least: bool
    reason: str

    def holds(self, measured: float) -> bool:
        """Whether `measured` keeps to the limit, rounding allowed for."""
        slack = ROUNDING * max(1.0, abs(self.value))
        return measured >= self.value - slack if self.at_least else measured <= self.value + slack

    def margin(self, measured: float) -> float:
        """How far `measured` is on the right side; negative on the wrong one."""
        return measured - self.value if self.at_least else self.value - measured

    @property
    def sentence(self) -> str:
        """The limit in words."""
        return f"{'at least' if self.at_least else 'at most'} {figure(self.value)} ({self.reason})"


def figure(value: float) -> str:
    """`value` as people read it: six significant digits."""
    return f"{value:.6g}"


def direction(gate: MetricGate) -> Direction | None:
    """Which way the gate's metric gets better; None when neither the gate nor the metric's name says so."""
    if gate.direction is not None:
        return gate.direction
    if gate.name in HIGHER_IS_BETTER:
        return Direction.HIGHER_IS_BETTER
    return Direction.LOWER_IS_BETTER if gate.name in LOWER_IS_BETTER else None


def limits(gate: MetricGate, production: float | None) -> Iterator[Limit]:
    """Everything that the candidate's figure is held against; `production` is None for a first release."""
    if production is not None:
        higher = direction(gate) is Direction.HIGHER_IS_BETTER
        allowed = f", at most {figure(gate.max_regression)} worse" if gate.max_regression else ""
        value = production - gate.max_regression if higher else production + gate.max_regression
        yield Limit(value, higher, f"production has {figure(production)}{allowed}")
    if gate.minimum is not None:
        yield Limit(gate.minimum, True, "the gate's minimum")
    if gate.maximum is not None:
        yield Limit(gate.maximum, False, "the gate's maximum")


@dataclass(frozen=True, slots=True)
class Datasets:
    """Which rows the two figures were measured on, as MLflow was told; None: it was not told."""

    candidate: str | None = None
    production: str | None = None

    @property
    def differ(self) -> bool:
        """Whether both are known and are not the same: then the figures compare with nothing."""
        return None not in (self.candidate, self.production) and self.candidate != self.production


def judge_logged(
    gate: MetricGate,
    candidate: Mapping[str, float],
    production: Mapping[str, float] | None,
    datasets: Datasets = Datasets(),
) -> GateResult:
    """The verdict on the figures logged to MLflow (metric name → value) on the candidate and on current production.

    `production` is None when nothing is in production yet: then only the floors count. A figure that is missing, NaN
    or infinite on either side is Inconclusive, never Pass, and so are figures that are known to be of different rows.
    """
    result = _judge_logged(gate, candidate, production, datasets)
    return result.model_copy(update={"measured_on": {"dataset": datasets.candidate} if datasets.candidate else {}})


def _judge_logged(
    gate: MetricGate, candidate: Mapping[str, float], production: Mapping[str, float] | None, datasets: Datasets
) -> GateResult:
    figures = {"candidate": candidate, **({} if production is None else {"production": production})}
    for side, logged in figures.items():
        if problem := _unusable(gate.name, side, logged):
            return _result(gate, Verdict.INCONCLUSIVE, problem, measured=_finite(candidate.get(gate.name)))
    if production is not None and datasets.differ:
        says = (
            f"the candidate's {gate.name} was measured on dataset {datasets.candidate} and production's on "
            f"{datasets.production}; log both on the same rows, or let source: Rescore measure both now"
        )
        return _result(gate, Verdict.INCONCLUSIVE, says, measured=candidate[gate.name])
    if direction(gate) is None:
        says = f"nothing says which way {gate.name} gets better; set direction to HigherIsBetter or LowerIsBetter"
        return _result(gate, Verdict.ERROR, says, measured=candidate[gate.name])
    return judge_figures(gate, candidate[gate.name], None if production is None else production[gate.name])


def judge_figures(gate: MetricGate, candidate: float, production: float | None) -> GateResult:
    """The strict verdict on two finite figures of a metric whose direction is known.

    The threshold in the evidence is the limit that the candidate breaks by most or keeps by least.
    """
    held = sorted(limits(gate, production), key=lambda limit: limit.margin(candidate))
    details = {"candidate": candidate, **({} if production is None else {"production": production})}
    broken = [limit for limit in held if not limit.holds(candidate)]
    if broken:
        wanted = " and ".join(limit.sentence for limit in broken)
        says = f"the candidate's {gate.name} is {figure(candidate)} and must be {wanted}"
    elif held:
        kept = " and ".join(limit.sentence for limit in held)
        says = f"the candidate's {gate.name} is {figure(candidate)}, as wanted: {kept}"
    else:
        says = f"the candidate's {gate.name} is {figure(candidate)}; no production to compare with and no floor set"
    verdict = Verdict.FAIL if broken else Verdict.PASS
    result = _result(gate, verdict, says, measured=candidate)
    return result.model_copy(update={"threshold": held[0].value if held else None, "details": details})


def _unusable(name: str, side: str, logged: Mapping[str, float]) -> str | None:
    if name not in logged:
        return f"the {side} version has no logged metric {name}; log it to MLflow on that version"
    if not math.isfinite(logged[name]):
        return f"the {side} version's metric {name} is {logged[name]}, which compares with nothing; log a finite figure"
    return None


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _result(gate: MetricGate, verdict: Verdict, message: str, measured: float | None) -> GateResult:
    return GateResult(
        name=f"metrics/{gate.name}",
        verdict=verdict,
        message=message[:1024],
        measured=measured,
        unit=gate.name,
        method="point estimates logged to MLflow on both versions",
    )
