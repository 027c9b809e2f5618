"""Effects that the registry or the production Service is the truth of: intended in the status before they happen.

A flip's intent is the phase Promoting and a rollback's is status.rollback; the others stand in status.intents until
what they were to bring about is seen, or is not wanted any more. So each has one record of intent and one of outcome.
"""

from __future__ import annotations

from typing import Any

from slipway.actors import rule
from slipway.api.outbox import Outcome
from slipway.api.release_status import ReleaseStatus
from slipway.plan.actions import Action, Decision, Plan
from slipway.plan.scene import Scene

ALIAS = "Alias"
"""Moving the production alias; its target is a model version."""
REOPEN = "Reopen"
"""Making the production Service again; its target is a revision."""

_RULES = {ALIAS: "AliasFollowsProduction", REOPEN: "ServiceDeleted"}
_ACTIONS = {
    (ALIAS, Outcome.INTENDED): "AliasMoving",
    (ALIAS, Outcome.DONE): "AliasMoved",
    (ALIAS, Outcome.DROPPED): "AliasMoveDropped",
    (REOPEN, Outcome.INTENDED): "Reopening",
    (REOPEN, Outcome.DONE): "Reopened",
    (REOPEN, Outcome.DROPPED): "ReopenDropped",
}


def intended(scene: Scene, effect: str) -> str | None:
    """What `effect` is about, where it is intended and its outcome open."""
    return scene.seen.release.status.intents.get(effect)


def intend(scene: Scene, effect: str, target: str, action: Action, decision: tuple[str, str]) -> Plan:
    """Write down that `effect` is to bring about `target`, and then do it; `decision` is its revision and sentence."""
    intents = {**scene.seen.release.status.intents, effect: target}
    told = _decision(effect, Outcome.INTENDED, decision, {"to": target})
    return Plan(action, told, _facts(scene, intents=intents), again=0.0)


def ended(scene: Scene, effect: str, outcome: Outcome, decision: tuple[str, str], **changes: Any) -> Plan:
    """Write down how `effect` came out, with the `changes` of the release's facts that go with it."""
    intents = dict(scene.seen.release.status.intents)
    told = _decision(effect, outcome, decision, {"to": intents.pop(effect)})
    return Plan(decision=told, facts=_facts(scene, intents=intents, **changes), again=0.0)


def _decision(effect: str, outcome: Outcome, decision: tuple[str, str], details: dict[str, Any]) -> Decision:
    revision, message = decision
    action, warning = _ACTIONS[effect, outcome], outcome is Outcome.DROPPED
    return Decision(action, revision, message, rule(_RULES[effect]), warning, details, effect=effect, outcome=outcome)


def _facts(scene: Scene, **changes: Any) -> ReleaseStatus:
    return scene.seen.release.status.model_copy(update=changes)
