"""Effects that the registry or the production Service is the truth of: intended in the status before they happen.

A flip's intent is the phase Promoting and a rollback's is status.rollback; the others stand in status.intents until
what they were to bring about is seen, or is not wanted any more. So each has one record of intent and one of outcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from slipway.api.actors import SLIPWAY, rule
from slipway.api.outbox import Outcome
from slipway.api.reasons import decisions, rules
from slipway.api.release_status import ReleaseStatus
from slipway.plan.situation.scene import Scene
from slipway.plan.writing.actions import Action, Decision, Plan

ALIAS = "Alias"
"""Moving the production alias; its target is a model version."""
RESTORE = "AliasRestore"
"""Moving the production alias back after somebody else moved it; its target is a model version."""
REOPEN = "Reopen"
"""Making the production Service again; its target is a revision."""
WITHDRAWAL = "Withdrawal"
"""Taking its share of production from a revision whose attempt has ended; its target is that revision."""

_ACTORS = {
    ALIAS: rule(rules.ALIAS_FOLLOWS_PRODUCTION),
    RESTORE: SLIPWAY,
    REOPEN: rule(rules.SERVICE_DELETED),
    WITHDRAWAL: SLIPWAY,
}
_ACTIONS = {
    (ALIAS, Outcome.INTENDED): decisions.ALIAS_MOVING,
    (ALIAS, Outcome.DONE): decisions.ALIAS_MOVED,
    (ALIAS, Outcome.DROPPED): decisions.ALIAS_MOVE_DROPPED,
    (RESTORE, Outcome.INTENDED): decisions.ALIAS_RESTORING,
    (RESTORE, Outcome.DONE): decisions.ALIAS_RESTORED,
    (RESTORE, Outcome.DROPPED): decisions.ALIAS_RESTORE_DROPPED,
    (REOPEN, Outcome.INTENDED): decisions.REOPENING,
    (REOPEN, Outcome.DONE): decisions.REOPENED,
    (REOPEN, Outcome.DROPPED): decisions.REOPEN_DROPPED,
    (WITHDRAWAL, Outcome.INTENDED): decisions.TRAFFIC_WITHDRAWING,
    (WITHDRAWAL, Outcome.DONE): decisions.TRAFFIC_WITHDRAWN,
    (WITHDRAWAL, Outcome.DROPPED): decisions.WITHDRAWAL_DROPPED,
}


class Told(NamedTuple):
    """What there is to say of an effect."""

    revision: str
    message: str
    details: Mapping[str, Any] = {}
    """As in Decision; `to` is the effect's target where it is not given."""


def intended(scene: Scene, effect: str) -> str | None:
    """What `effect` is about, where it is intended and its outcome open."""
    return scene.seen.release.status.intents.get(effect)


def intend(scene: Scene, effect: str, target: str, action: Action, decision: Told) -> Plan:
    """Write down that `effect` is to bring about `target`, and then do it."""
    intents = {**scene.seen.release.status.intents, effect: target}
    told = _decision(effect, Outcome.INTENDED, target, decision)
    return Plan(action, told, _facts(scene, intents=intents), again=0.0)


def ended(scene: Scene, effect: str, outcome: Outcome, decision: Told, **changes: Any) -> Plan:
    """Write down how `effect` came out, with the `changes` of the release's facts that go with it."""
    intents = dict(scene.seen.release.status.intents)
    told = _decision(effect, outcome, intents.pop(effect), decision)
    return Plan(decision=told, facts=_facts(scene, intents=intents, **changes), again=0.0)


def _decision(effect: str, outcome: Outcome, target: str, decision: Told) -> Decision:
    action, warning, details = _ACTIONS[effect, outcome], outcome is Outcome.DROPPED, {"to": target, **decision.details}
    revision, message, actor = decision.revision, decision.message, _ACTORS[effect]
    return Decision(action, revision, message, actor, warning, details, effect=effect, outcome=outcome)


def _facts(scene: Scene, **changes: Any) -> ReleaseStatus:
    return scene.seen.release.status.model_copy(update=changes)
