"""Why the plan is what it is: every step with what it says about a release now, or when it would say something."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from slipway.plan.planner import plan, said
from slipway.plan.situation.observed import Observed
from slipway.plan.situation.scene import Scene
from slipway.plan.writing.actions import Plan, subject


@dataclass(frozen=True)
class StepSaid:
    """What one step says."""

    step: str
    what: str
    """What the step is for."""
    says: str
    """In one sentence; empty: it has nothing to say."""
    decides: bool = False
    """Whether the plan of this pass is what this step says."""
    stopped: bool = False
    """Whether a stall keeps it from saying anything."""

    def wire(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def explained(seen: Observed, now: datetime) -> list[StepSaid]:
    """Every step, in the order of the plan."""
    chosen, words, stalled = plan(seen, now).step, list[StepSaid](), False
    for step, decided in said(Scene(seen, now)):
        says = "" if decided is None else sentence(decided)
        words.append(StepSaid(step.name, step.what, says, step.name == chosen, stalled and step.forward))
        stalled = stalled or (decided is not None and decided.stalled is not None)
    return words


def sentence(decided: Plan) -> str:
    """What a plan says, in one sentence."""
    if decided.decision is not None:
        return f"{decided.decision.action}: {decided.decision.message}"
    if decided.stalled is not None:
        return f"stalled, {decided.stalled[0]}: {decided.stalled[1]}"
    if decided.action is not None:
        return f"{type(decided.action).__name__} {subject(decided.action)}"
    return decided.waiting or ("writes a fact down" if decided.facts else "looks again later")
