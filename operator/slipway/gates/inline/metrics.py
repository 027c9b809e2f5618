"""The metric gate: the candidate's figure against current production's, and against floors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from slipway.api.gates.specs import HIGHER_IS_BETTER, LOWER_IS_BETTER, Direction, MetricGate
from slipway.api.gates.verdict import GateResult, Verdict
from slipway.gates.inline.logged import Figure, Logged

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


def judge_logged(gate: MetricGate, candidate: Logged, production: Logged | None) -> GateResult:
    """The verdict on what was logged to MLflow on the candidate and on current production.

    `production` is None when nothing is in production yet: then only the floors count. A figure that does not count on
    either side is Inconclusive, never Pass, and so are figures that are known to be of different rows.
    """
    ours = candidate.figure(gate.name, gate.logged_on)
    theirs = None if production is None else production.figure(gate.name, gate.logged_on)
    result = _judge_logged(gate, ours, theirs)
    return result.model_copy(update={"measured_on": {"dataset": ours.rows} if ours.rows else {}})


def _judge_logged(gate: MetricGate, ours: Figure, theirs: Figure | None) -> GateResult:
    if problem := _unusable(gate.name, ours, theirs):
        return _result(gate, Verdict.INCONCLUSIVE, problem, measured=ours.value)
    if direction(gate) is None:
        says = (
            f"it is not known whether higher or lower {gate.name} is better; set direction to "
            "HigherIsBetter or LowerIsBetter"
        )
        return _result(gate, Verdict.ERROR, says, measured=ours.value)
    assert ours.value is not None
    return judge_figures(gate, ours.value, theirs.value if theirs else None)


def _unusable(name: str, ours: Figure, theirs: Figure | None) -> str | None:
    """Why the two figures do not compare; None: they do."""
    for side, figure_ in (("candidate", ours), ("production", theirs)):
        if figure_ is not None and figure_.reason:
            return f"the {side} version's {name} {figure_.reason}"
    if theirs is not None and None not in (ours.rows, theirs.rows) and ours.address != theirs.address:
        return (
            f"the candidate's {name} was measured on dataset {ours.rows} and production's on {theirs.rows}; "
            "log both on the same rows, or let source: Rescore measure both now"
        )
    return None


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
        says = (
            f"the candidate's {gate.name} is {figure(candidate)}; there is no production to compare with, "
            "and no limit is set"
        )
    verdict = Verdict.FAIL if broken else Verdict.PASS
    result = _result(gate, verdict, says, measured=candidate)
    return result.model_copy(update={"threshold": held[0].value if held else None, "details": details})


def _result(gate: MetricGate, verdict: Verdict, message: str, measured: float | None) -> GateResult:
    return GateResult(
        name=f"metrics/{gate.name}",
        verdict=verdict,
        message=message[:1024],
        measured=measured,
        unit=gate.name,
        method="point estimates logged to MLflow on both versions",
    )
