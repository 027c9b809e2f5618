"""From all gates' results to one decision: promote, reject, wait for a human, run a gate (again), or wait."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from slipway.api.base import seconds
from slipway.api.gates.specs import Gate, Gates, OnInconclusive, UncertainGate
from slipway.api.gates.verdict import GateResult, Verdict
from slipway.words.backoff import doubled
from slipway.words.text import plain

MAX_BACKOFF = timedelta(minutes=5)


class GateAction(StrEnum):
    """What to do with a candidate now."""

    PROMOTE = "Promote"
    REJECT = "Reject"
    APPROVAL = "Approval"
    """A human decides: every gate passed, or is Inconclusive and leaves it to a human."""
    RUN = "Run"
    """Run the gates in `Decision.gates`, not before `Decision.at`."""


@dataclass(frozen=True, slots=True)
class GateDecision:
    """What to do now, and why."""

    action: GateAction
    message: str
    gates: tuple[str, ...] = ()
    """The gates that decided, or that are to run."""
    at: datetime | None = None
    """Not before this time; None means now."""


def expected(gates: Gates) -> dict[str, Gate]:
    """Every gate that `gates` asks for, by the name of its result, cheapest first. Approval is not among them."""
    named: dict[str, Gate] = {}
    if gates.governance:
        named["governance"] = gates.governance
    if gates.contract:
        named["contract"] = gates.contract
    named |= {f"metrics/{metric.name}": metric for metric in gates.metrics}
    if gates.smoke:
        named["smoke"] = gates.smoke
    return named | {f"custom/{custom.name}": custom for custom in gates.custom}


def decide(gates: Gates, results: Iterable[GateResult], approval: GateResult | None = None) -> GateDecision:
    """The decision on a candidate from the results so far, in any order; `approval` is approval.judge's answer.

    A Fail rejects at once. An Error runs again as often as the gate's onError says, then rejects. A gate without a
    result is to run: nothing is promoted before every gate has answered. Results of gates that `gates` does not ask
    for are not looked at; a gate's own dryRun, not the result's, says whether it may block.
    """
    blocking = {name: gate for name, gate in expected(gates).items() if not gate.dry_run}
    seen = {result.name: result for result in results if result.name in expected(gates)}
    blockers = [seen[name] for name in blocking if name in seen and seen[name].verdict is not Verdict.PASS]
    rejected = _rejection(blocking, blockers)
    if rejected:
        return rejected
    pending = tuple(name for name in expected(gates) if name not in seen)
    retried = [(name, at) for name in blocking if (at := _retry_at(blocking[name], seen.get(name)))]
    if pending:
        return GateDecision(GateAction.RUN, f"gates to run: {', '.join(pending)}", pending)
    if retried:
        name, at = min(retried, key=lambda retry: retry[1])
        return GateDecision(GateAction.RUN, f"gate {name} runs again: {seen[name].message}", (name,), at)
    return _consent(blockers, approval)


def undecided(gates: Gates, results: Iterable[GateResult]) -> tuple[str, ...]:
    """The blocking gates that are Inconclusive and leave the decision to a human: approval.Request.inconclusive."""
    seen = {result.name: result for result in results}
    return tuple(
        name
        for name, gate in expected(gates).items()
        if name in seen and not gate.dry_run and seen[name].verdict is Verdict.INCONCLUSIVE and _asks_a_human(gate)
    )


def _rejection(policies: Mapping[str, Gate], blockers: list[GateResult]) -> GateDecision | None:
    for result in sorted(blockers, key=lambda result: result.verdict is not Verdict.FAIL):
        gate = policies[result.name]
        waits = result.verdict is Verdict.INCONCLUSIVE and _asks_a_human(gate)
        runs_again = result.verdict is Verdict.ERROR and result.attempts <= gate.on_error.retries
        if not waits and not runs_again:
            tries = f" after {result.attempts} runs" if result.verdict is Verdict.ERROR else ""
            says = f"gate {result.name} is {result.verdict}{tries}: {result.message}"
            return GateDecision(GateAction.REJECT, plain(says, 1024), (result.name,))
    return None


def _retry_at(gate: Gate, result: GateResult | None) -> datetime | None:
    """When a gate that ended in Error runs again; None when it does not."""
    if result is None or result.verdict is not Verdict.ERROR:
        return None
    return retry_at(gate, result)


def retry_at(gate: Gate, result: GateResult) -> datetime:
    """When `gate` runs again after `result`: onError.backoff after its end, doubled for each attempt, up to 5 minutes.

    Raises ValueError when `result` does not say when it started: the operator stamps every result it keeps.
    """
    if result.started_at is None:
        raise ValueError(f"the result of gate {result.name} has no startedAt; stamp it before it is decided on")
    ended = datetime.fromisoformat(result.started_at) + timedelta(seconds=result.duration_seconds or 0)
    pause = doubled(seconds(gate.on_error.backoff), result.attempts, MAX_BACKOFF.total_seconds())
    return ended + timedelta(seconds=pause)


def _consent(blockers: list[GateResult], approval: GateResult | None) -> GateDecision:
    if approval is None:
        if blockers:
            names = tuple(result.name for result in blockers)
            return GateDecision(GateAction.APPROVAL, f"Inconclusive, waiting for approval:  {', '.join(names)}", names)
        return GateDecision(GateAction.PROMOTE, "every gate passed")
    if approval.verdict is Verdict.PASS:
        return GateDecision(GateAction.PROMOTE, plain(f"every gate passed; {approval.message}", 1024), ("approval",))
    action = GateAction.REJECT if approval.verdict is Verdict.FAIL else GateAction.APPROVAL
    return GateDecision(action, approval.message, ("approval",))


def _asks_a_human(gate: Gate) -> bool:
    return isinstance(gate, UncertainGate) and gate.on_inconclusive is OnInconclusive.APPROVE
