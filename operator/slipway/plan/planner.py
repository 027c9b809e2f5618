"""The order of decisions. Each step asks for one effect, or waits, or has nothing to say; the first effect is the plan.

Safety comes first: what is seen is written down, then ways back are taken, and only then does anything move forward.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from slipway.api.reasons import stalls
from slipway.plan.attempt.intake import intake, record_wanted
from slipway.plan.attempt.steps import attempt
from slipway.plan.children.ensure import furnish, reopened
from slipway.plan.children.ownership import adopt
from slipway.plan.production.retire import retire, warm_seconds_left
from slipway.plan.production.rollback import automatic, followed, requested
from slipway.plan.production.route import attach, mirror, unknown, withdraw
from slipway.plan.production.settle import contested, misdirected, settle
from slipway.plan.production.watching import pause, record, watch
from slipway.plan.registry.alias import conflict
from slipway.plan.registry.announce import announce
from slipway.plan.registry.checkpoint import checkpoint
from slipway.plan.situation.observed import Observed
from slipway.plan.situation.scene import Scene
from slipway.plan.writing.actions import Plan
from slipway.plan.writing.moves import stall
from slipway.plan.writing.outbox import backlog, recorded

BACKLOG_SECONDS = 30.0

Step = Callable[[Scene], Plan | None]


def unusable(scene: Scene) -> Plan | None:
    """A spec that cannot be carried out until a human acts."""
    model, registry = scene.seen.release.spec.model, scene.seen.registry
    if model.registry not in scene.seen.settings.registries:
        known = ", ".join(sorted(scene.seen.settings.registries))
        return stall(
            stalls.UNKNOWN_REGISTRY,
            f"spec.model.registry is {model.registry}; the operator is configured with: {known}",
        )
    if registry.problem is None and registry.model_exists is False:
        return stall(stalls.MODEL_NOT_FOUND, f"registry {model.registry} has no registered model {model.name}")
    return unknown(scene)


def unrecorded(scene: Scene) -> Plan | None:
    """The audit store has been away for so long that the outboxes are nearly full: what is left is for ways back."""
    why = backlog([scene.seen.release.status.outbox, *(r.status.outbox for r in scene.seen.revisions)])
    return replace(stall(stalls.AUDIT_BACKLOG, why), again=BACKLOG_SECONDS) if why else None


def idle(scene: Scene) -> Plan:
    """Nothing to do. Look again when a window closes."""
    if scene.wanted_version is None and not scene.seen.registry.problem:
        alias = scene.seen.release.spec.model.candidate.alias
        return Plan(
            waiting=f"alias {alias} points at no version; set it to release one", again=warm_seconds_left(scene)
        )
    return Plan(again=warm_seconds_left(scene))


STEPS: tuple[Step, ...] = (
    mirror,
    settle,
    withdraw,
    requested,
    automatic,
    followed,
    reopened,
    attach,
    misdirected,
    contested,
    adopt,
    watch,
    record,
    unusable,
    unrecorded,
    record_wanted,
    attempt,
    furnish,
    retire,
    intake,
    announce,
    conflict,
    checkpoint,
    pause,
)

FORWARD = frozenset({record_wanted, attempt, intake})
"""What a stall stops. Watching, tidying up and telling the registry go on."""


def plan(seen: Observed, now: datetime) -> Plan:
    """The one thing to do about what is seen. Pure: the same observation and time give the same plan."""
    scene = Scene(seen, now)
    if seen.release.metadata.deletion_timestamp is not None:
        return Plan(waiting="being deleted")
    resting: list[Plan] = []
    for step in STEPS:
        stalled = next((rest.stalled for rest in resting if rest.stalled), None)
        decided = None if stalled and step in FORWARD else step(scene)
        if decided is None:
            continue
        if decided.action or decided.facts:
            return recorded(scene, replace(decided, stalled=stalled))
        resting.append(decided)
    return _rest([*resting, idle(scene)])


def _rest(plans: list[Plan]) -> Plan:
    """Nothing to do: say what the first of them waits for, and look again when the earliest of them asks to."""
    times = [plan.again for plan in plans if plan.again is not None]
    waiting = next((plan.waiting for plan in plans if plan.waiting), None)
    stalled = next((plan.stalled for plan in plans if plan.stalled), None)
    return Plan(waiting=waiting, again=min(times, default=None), stalled=stalled)
