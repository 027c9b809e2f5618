"""The order of decisions. Each step asks for one effect, or waits, or has nothing to say; the first effect is the plan.

Safety comes first: what is seen is written down, then ways back are taken, and only then does anything move forward.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from slipway.api.reasons import stalls
from slipway.api.revision import Phase
from slipway.plan.attempt import canary, candidate, fetching, gating, intake, pending, promoting, staging
from slipway.plan.children import ensure, ownership
from slipway.plan.production import conflicts, flip, retire, rollback, route, watching
from slipway.plan.registry import alias, announce, checkpoint
from slipway.plan.situation.needs import NOTHING, Kind, Needs, union
from slipway.plan.situation.observed import Observed
from slipway.plan.situation.scene import Scene
from slipway.plan.writing.actions import Plan
from slipway.plan.writing.moves import stall
from slipway.plan.writing.outbox import backlog, recorded

BACKLOG_SECONDS = 30.0


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
    return route.unknown(scene)


def unrecorded(scene: Scene) -> Plan | None:
    """The audit store has been away for so long that the outboxes are nearly full: what is left is for ways back."""
    why = backlog([scene.seen.release.status.outbox, *(r.status.outbox for r in scene.seen.revisions)])
    return replace(stall(stalls.AUDIT_BACKLOG, why), again=BACKLOG_SECONDS) if why else None


def idle(scene: Scene) -> Plan:
    """Nothing to do. Look again when a window closes."""
    if scene.wanted_version is None and not scene.seen.registry.problem:
        name = scene.seen.release.spec.model.candidate.alias
        waiting = f"alias {name} points at no version; set it to release one"
        return Plan(waiting=waiting, again=retire.warm_seconds_left(scene))
    return Plan(again=retire.warm_seconds_left(scene))


@dataclass(frozen=True)
class Step:
    """One step of the plan."""

    name: str
    what: str
    """What it does, in one sentence."""
    run: Callable[[Scene], Plan | None]
    """None: it has nothing to say."""
    forward: bool = False
    """Whether a stall stops it. Watching, tidying up and telling the registry go on."""
    reads: frozenset[Kind] = frozenset()
    """What it may look at besides the release's own objects; anything else is UNREAD for it."""
    asks: Callable[[Scene], Needs] = lambda _: NOTHING
    """What of that it needs now."""


COUNTERS = frozenset({Kind.COUNTERS})
JUDGED = frozenset({Kind.VERSIONS, Kind.POLICY, Kind.REQUESTS})


def _phase(phase: Phase, what: str, step: candidate.PhaseStep, reads: frozenset[Kind] = frozenset()) -> Step:
    """The step of a candidate in `phase`."""
    asks = {JUDGED: candidate.gates_ask(phase), COUNTERS: candidate.canary_asks}.get(reads, lambda _: NOTHING)
    return Step(phase.value.lower(), what, candidate.in_phase(phase, step), True, reads, asks)


STEPS: tuple[Step, ...] = (
    Step("mirror", "Point the production Service at what the route has made live.", route.mirror),
    Step("settle", "Write down what production is seen to serve.", flip.settle),
    Step("withdraw", "Take the share of production from an attempt that has ended.", route.withdraw),
    Step("requested", "Take production back because spec.rollback asks for it.", rollback.requested),
    Step(
        "automatic",
        "Take a live revision back that breaks its objectives or has no ready pod.",
        rollback.automatic,
        reads=COUNTERS,
        asks=watching.watch_asks,
    ),
    Step("followed", "Go to the version that somebody moved the production alias to.", rollback.followed),
    Step("reopened", "Make the production Service again where somebody deleted it.", ensure.reopened),
    Step("attach", "Make the route, or bring it in line with spec.traffic.gateway.", route.attach),
    Step("misdirected", "Stall where production points at what Slipway did not choose.", conflicts.misdirected),
    Step(
        "contested",
        "Stall where a Service that the candidate needs belongs to something else.",
        conflicts.contested,
        reads=frozenset({Kind.SERVICES}),
        asks=conflicts.contested_asks,
    ),
    Step("adopt", "Own the release's children, or let them go, as spec.deletionPolicy says.", ownership.adopt),
    Step(
        "watch",
        "Add up the counters of the revision under watch, and end its watch.",
        watching.watch,
        reads=COUNTERS,
        asks=watching.watch_asks,
    ),
    Step(
        "record",
        "Write down what production answers while a candidate is on its way.",
        watching.record,
        reads=COUNTERS,
        asks=watching.record_asks,
    ),
    Step("unusable", "Stall where the spec cannot be carried out.", unusable),
    Step("unrecorded", "Stall while the audit store has been away for too long.", unrecorded),
    Step("wanted", "Write down since when the wanted version is wanted.", intake.record_wanted, forward=True),
    Step("outdated", "End an attempt that is superseded or no longer wanted.", candidate.outdated, forward=True),
    _phase(Phase.PENDING, "Judge the gates that need no pods.", pending.step, JUDGED),
    _phase(Phase.FETCHING, "Bring the candidate's pods up and pin the digest that they fetch.", fetching.step),
    _phase(Phase.STAGING, "Wait until every pod of the candidate has loaded the model.", staging.step),
    _phase(Phase.GATING, "Run the gates that need pods, and ask for consent where it is needed.", gating.step, JUDGED),
    _phase(Phase.CANARY, "Give the candidate its share of production, judge it, and go on.", canary.step, COUNTERS),
    _phase(Phase.PROMOTING, "Move production to the candidate in one write.", promoting.step),
    Step("children", "Bring the release's own objects in line: Services, budget, monitors, sizes.", ensure.furnish),
    Step(
        "retire",
        "Scale down or remove what neither serves nor is on its way.",
        retire.retire,
        reads=COUNTERS,
        asks=retire.retire_asks,
    ),
    Step(
        "intake",
        "Start an attempt at the wanted version: pin it as a new revision.",
        intake.intake,
        forward=True,
        reads=frozenset({Kind.VERSIONS}),
        asks=intake.intake_asks,
    ),
    Step("announce", "Tell the registry what production serves.", announce.announce),
    Step("alias", "Answer an edit of the production alias as spec.model.aliasConflict says.", alias.conflict),
    Step("checkpoint", "Keep a signed checkpoint of the audit log with a revision at rest.", checkpoint.checkpoint),
    Step(
        "pause",
        "Look again soon while a revision is under watch.",
        watching.pause,
        reads=COUNTERS,
        asks=watching.watch_asks,
    ),
)
"""In this order: what is seen is written down, then ways back are taken, and only then does anything move forward."""


def needs(scene: Scene) -> Needs:
    """What the steps ask for, before anything of it was read.

    No counters while production is being taken back: nothing may slow that down.
    """
    found = union(step.asks(scene) for step in STEPS)
    return replace(found, counters=None) if rollback.under_way(scene) else found


def plan(seen: Observed, now: datetime) -> Plan:
    """The one thing to do about what is seen. Pure: the same observation and time give the same plan."""
    scene = Scene(seen, now)
    if seen.release.metadata.deletion_timestamp is not None:
        return Plan(waiting="being deleted")
    resting: list[Plan] = []
    for step, decided in said(scene):
        if decided is None:
            continue
        if decided.action or decided.facts:
            stalled = next((rest.stalled for rest in resting if rest.stalled), None)
            return recorded(scene, replace(decided, stalled=stalled, step=step.name))
        resting.append(replace(decided, step=step.name))
    return _rest([*resting, idle(scene)])


def said(scene: Scene) -> Iterator[tuple[Step, Plan | None]]:
    """Every step with what it says about the scene, in order; those that a stall stops say nothing."""
    stalled, shown = False, dict[tuple[frozenset[Kind], Needs], Scene]()
    for step in STEPS:
        allowed = step.reads, step.asks(scene)
        if allowed not in shown:
            shown[allowed] = Scene(scene.seen.only(*allowed), scene.now)
        decided = None if stalled and step.forward else step.run(shown[allowed])
        stalled = stalled or (decided is not None and decided.stalled is not None)
        yield step, decided


def _rest(plans: list[Plan]) -> Plan:
    """Nothing to do: say what the first of them waits for, and look again when the earliest of them asks to."""
    times = [plan.again for plan in plans if plan.again is not None]
    stalled = next((plan for plan in plans if plan.stalled), Plan())
    waiting = next((plan for plan in plans if plan.waiting), Plan())
    return Plan(
        waiting=waiting.waiting,
        again=min(times, default=None),
        stalled=stalled.stalled,
        step=stalled.step or waiting.step,
    )
