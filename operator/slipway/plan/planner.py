"""The order of decisions. Each step asks for one effect, or waits, or has nothing to say; the first effect is the plan.

Safety comes first: what is seen is written down, then ways back are taken, and only then does anything move forward.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from slipway.plan.actions import Plan
from slipway.plan.alias import conflict
from slipway.plan.announce import announce
from slipway.plan.attempt import attempt
from slipway.plan.checkpoint import checkpoint
from slipway.plan.furniture import furnish, reopened
from slipway.plan.intake import intake, record_wanted
from slipway.plan.moves import stall
from slipway.plan.observed import Observed
from slipway.plan.outbox import backlog, recorded
from slipway.plan.ownership import adopt
from slipway.plan.retire import retire, warm_seconds_left
from slipway.plan.rollback import automatic, followed, requested
from slipway.plan.route import attach, mirror, unknown, withdraw
from slipway.plan.scene import Scene
from slipway.plan.settle import contested, misdirected, settle
from slipway.plan.watching import pause, record, watch

BACKLOG_SECONDS = 30.0

Step = Callable[[Scene], Plan | None]


def unusable(scene: Scene) -> Plan | None:
    """A spec that cannot be carried out until a human acts."""
    model, registry = scene.seen.release.spec.model, scene.seen.registry
    if model.registry not in scene.seen.settings.registries:
        known = ", ".join(sorted(scene.seen.settings.registries))
        return stall(
            "UnknownRegistry", f"spec.model.registry is {model.registry}; the operator is configured with: {known}"
        )
    if registry.problem is None and registry.model_exists is False:
        return stall("ModelNotFound", f"registry {model.registry} has no registered model {model.name}")
    return unknown(scene)


def unrecorded(scene: Scene) -> Plan | None:
    """The audit store has been away for so long that the outboxes are nearly full: what is left is for ways back."""
    why = backlog([scene.seen.release.status.outbox, *(r.status.outbox for r in scene.seen.revisions)])
    return replace(stall("AuditBacklog", why), again=BACKLOG_SECONDS) if why else None


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
