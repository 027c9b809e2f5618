"""What a canary has shown, as evidence beside the verdicts of the gates."""

from __future__ import annotations

from slipway.api.gates.verdict import GateResult, Verdict
from slipway.api.revision import Canary
from slipway.gates.watch.slo import SloJudgement

NAME = "canary"
METHOD = "sequential test of raw counters against the objectives, and against production beside it; docs/traffic.md"


def result(verdict: Verdict, message: str, judgement: SloJudgement, canary: Canary) -> GateResult:
    """The evidence of `canary`, which ended with `verdict`."""
    figures = judgement.figures
    return GateResult(
        name=NAME,
        verdict=verdict,
        message=message[:1024],
        measured=max(figures.get("eSlow", 0.0), figures.get("eErrors", 0.0)),
        threshold=figures.get("threshold"),
        unit="e-value",
        n=canary.watched.requests,
        method=METHOD,
        details={"step": canary.step, "weight": canary.weight, **figures},
    )
