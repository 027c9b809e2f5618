"""The plan, step by step: what is seen → what each step says. One row for each step, in the plan's own order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from slipway.api.outbox import FORWARD_LIMIT
from slipway.observe.release import observe
from slipway.plan.planner import STEPS, Step
from slipway.plan.situation.needs import NotReadError
from slipway.plan.situation.scene import Scene
from slipway.plan.writing import actions
from slipway.plan.writing.actions import Plan
from slipway.words import names
from tests.unit.release.canaries import GATEWAY, R1, R2, behind_a_gateway, ends, start
from tests.unit.release.world import MODEL, NAME, NAMESPACE, World

BY_NAME = {step.name: step for step in STEPS}
PATIENCE = 80
"""Passes within which a step has to have its say."""

Arranged = Callable[[], Awaitable[World]]


class Says(NamedTuple):
    """What a plan says, without its figures."""

    action: str | None = None
    decision: str | None = None
    facts: bool = False
    stalled: str | None = None
    waits: bool = False


def said(plan: Plan) -> Says:
    return Says(
        type(plan.action).__name__ if plan.action else None,
        plan.decision.action if plan.decision else None,
        plan.facts is not None,
        plan.stalled[0] if plan.stalled else None,
        plan.waiting is not None,
    )


async def scene(world: World) -> Scene:
    """What is seen now, the registry's aliases included."""
    await world.context.registries.refresh("default")
    seen = await observe(world.context, NAMESPACE, NAME, world.now)
    assert seen is not None
    return Scene(seen, world.now)


def alone(step: Step, whole: Scene) -> Plan | None:
    """What one step says, of what it may see."""
    return step.run(Scene(whole.seen.only(step.reads, step.asks(whole)), whole.now))


async def first_word(world: World, step: str) -> Says:
    """The first thing that `step` says as the operator goes on."""
    for _ in range(PATIENCE):
        decided = alone(BY_NAME[step], await scene(world))
        if decided is not None:
            return said(decided)
        world.now = world.later(max(await world.step() or 0.0, 0.01))
    raise AssertionError(f"{step} never says anything")


# What there is to see: releases in the state that the name says; of `serving`, the last version with everything done.


async def fresh() -> World:
    world = World()
    world.alias("1")
    return world


async def a_smoke_gate_with_requests_of_its_own() -> World:
    world = await fresh()
    world.edit(gates={"smoke": {"requestsFrom": {"configMap": "requests", "key": "some"}}})
    requests = {"kind": "ConfigMap", "metadata": {"name": "requests", "namespace": NAMESPACE}}
    world.put({**requests, "data": {"some": '[{"inputs": [[1.0]]}]'}})
    return world


async def an_attempt_that_nobody_wants_any_more() -> World:
    world = await fresh()
    await world.until("Fetching")
    world.alias("2")
    return world


async def serving(*versions: str, **spec: Any) -> World:
    world = World()
    world.edit(**spec)
    for version in versions or ("1",):
        world.alias(version)
        await world.settle(hours=0.1)
    return world


def service(world: World, name: str = NAME) -> dict[str, Any]:
    return world.cluster.objects[("Service", NAMESPACE, name)]


def model(**changes: Any) -> dict[str, Any]:
    return {"name": MODEL, "candidate": {"alias": "staging"}, **changes}


async def a_service_behind_its_route() -> World:
    world = await behind_a_gateway()
    service(world)["spec"]["selector"] = names.selector(NAME, "elsewhere")
    return world


async def a_candidate_that_is_to_be_a_canary() -> World:
    world = await behind_a_gateway()
    world.alias("2")
    return world


async def a_canary_that_was_rejected() -> World:
    world = await behind_a_gateway()
    await start(world)
    world.callers.slow = {R2: 0.5}
    await ends(world, "Rejected")
    return world


async def a_rollback_that_somebody_asks_for() -> World:
    world = await serving("1", "2")
    world.edit(rollback={"to": "previous"})
    return world


async def production_without_a_ready_pod() -> World:
    world = await serving("1", "2")
    world.cluster.unready.add(R2)
    world.cluster.tick()
    return world


async def an_alias_to_follow() -> World:
    world = await serving("1", "2", model=model(aliasConflict="Follow"))
    world.registry.models[MODEL]["production"] = "1"
    return world


async def a_service_that_was_deleted() -> World:
    world = await serving()
    del world.cluster.objects[("Service", NAMESPACE, NAME)]
    return world


async def another_host() -> World:
    world = await behind_a_gateway()
    elsewhere = {"parentRefs": [{"name": "public"}], "hostnames": ["elsewhere.example"]}
    world.edit(traffic={**GATEWAY, "gateway": elsewhere})
    return world


async def a_selector_that_was_edited() -> World:
    world = await serving()
    service(world)["spec"]["selector"] = {"app": "mine"}
    return world


async def a_service_of_somebody_else() -> World:
    world = await serving()
    meta = {"name": R2, "namespace": NAMESPACE}
    world.put({"kind": "Service", "metadata": meta, "spec": {"selector": {"app": "theirs"}}})
    world.alias("2")
    return world


async def a_child_without_its_owner() -> World:
    world = await serving()
    service(world)["metadata"]["ownerReferences"] = []
    return world


async def a_promoted_revision() -> World:
    world = await fresh()
    await world.until("Watching")
    return world


async def a_candidate_beside_production() -> World:
    world = await serving()
    world.alias("2")
    return world


async def a_registry_that_nobody_configured() -> World:
    return await serving(model=model(registry="elsewhere"))


async def an_outbox_that_is_nearly_full() -> World:
    world = await serving()
    status = world.cluster.objects[("ModelRelease", NAMESPACE, NAME)]["status"]
    entry = {"at": "2026-01-01T00:00:00Z", "action": "Held", "revision": "", "actor": "unverified", "reason": "paused"}
    last = status["recorded"]
    status["outbox"] = [{**entry, "seq": last + number} for number in range(1, FORWARD_LIMIT + 1)]
    status["recorded"] = last + FORWARD_LIMIT
    world.store.down = True
    return world


async def a_release_without_its_metrics_service() -> World:
    world = await serving()
    del world.cluster.objects[("Service", NAMESPACE, names.metrics_service(NAME))]
    return world


async def a_staging_service_without_a_candidate() -> World:
    world = await serving()
    meta = {"name": names.staging_service(NAME), "namespace": NAMESPACE, "labels": names.release_labels(NAME)}
    world.put({"kind": "Service", "metadata": meta, "spec": {"selector": names.selector(NAME, R1)}})
    return world


async def an_alias_that_was_edited() -> World:
    world = await serving("1", "2")
    world.registry.models[MODEL]["production"] = "1"
    return world


PHASES = ("pending", "fetching", "staging", "gating", "canary", "promoting")
TABLE: dict[str, tuple[Arranged, Says]] = {
    "mirror": (a_service_behind_its_route, Says("Shift")),
    "settle": (fresh, Says("WriteRevision", "Flipped")),
    "withdraw": (a_canary_that_was_rejected, Says("Shift", "TrafficWithdrawing", facts=True)),
    "requested": (a_rollback_that_somebody_asks_for, Says("Shift", "RollbackRequested", facts=True)),
    "automatic": (production_without_a_ready_pod, Says("Shift", "RollbackRequested", facts=True)),
    "followed": (an_alias_to_follow, Says("Shift", "RollbackRequested", facts=True)),
    "reopened": (a_service_that_was_deleted, Says("OpenProduction", "Reopening", facts=True)),
    "attach": (another_host, Says("Shift")),
    "misdirected": (a_selector_that_was_edited, Says(stalled="SelectorEdited")),
    "contested": (a_service_of_somebody_else, Says(stalled="ServiceConflict")),
    "adopt": (a_child_without_its_owner, Says("Own")),
    "watch": (a_promoted_revision, Says("WriteRevision", waits=True)),
    "record": (a_candidate_beside_production, Says("WriteRevision")),
    "unusable": (a_registry_that_nobody_configured, Says(stalled="UnknownRegistry")),
    "unrecorded": (an_outbox_that_is_nearly_full, Says(stalled="AuditBacklog")),
    "wanted": (fresh, Says(facts=True)),
    "outdated": (an_attempt_that_nobody_wants_any_more, Says("WriteRevision", "AliasMoved")),
    "pending": (fresh, Says("WriteRevision", "GatesJudged")),
    "fetching": (fresh, Says("Apply")),
    "staging": (fresh, Says("Apply")),
    "gating": (a_smoke_gate_with_requests_of_its_own, Says("Apply")),
    "canary": (a_candidate_that_is_to_be_a_canary, Says("Shift")),
    "promoting": (fresh, Says("OpenProduction")),
    "children": (a_release_without_its_metrics_service, Says("Apply")),
    "retire": (a_staging_service_without_a_candidate, Says("Delete")),
    "intake": (fresh, Says("CreateRevision", "Started")),
    "announce": (a_promoted_revision, Says("Announce", "AliasMoving", facts=True)),
    "alias": (an_alias_that_was_edited, Says(None, "AliasEdited", facts=True)),
    "checkpoint": (a_promoted_revision, Says("Checkpoint")),
    "pause": (a_promoted_revision, Says(waits=True)),
}


def test_every_step_has_its_row_in_the_plans_own_order() -> None:
    assert list(TABLE) == [step.name for step in STEPS]
    known = {each.__name__ for each in actions.Action.__args__}
    assert {says.action for _, says in TABLE.values() if says.action} <= known


@pytest.mark.parametrize("step", TABLE)
async def test_a_step_says_what_follows_from_what_is_seen(step: str) -> None:
    arrange, expected = TABLE[step]
    assert await first_word(await arrange(), step) == expected


@pytest.mark.parametrize("step", ["wanted", "outdated", *PHASES, "intake"])
async def test_at_rest_no_step_goes_forward(step: str) -> None:
    assert alone(BY_NAME[step], await scene(await serving())) is None


async def story(world: World, step: Step) -> None:
    """`step` is asked in each pass, as the operator goes on."""
    for _ in range(PATIENCE):
        alone(step, await scene(world))
        world.now = world.later(max(await world.step() or 0.0, 0.01))


@pytest.mark.parametrize("step", ["watch", "record", "pending", "gating", "canary", "intake", "pause"])
async def test_a_step_that_forgets_to_say_what_it_reads_fails(step: str) -> None:
    """Not "nothing there": it would decide on that. What was not read cannot be looked into."""
    with pytest.raises(NotReadError):
        await story(await TABLE[step][0](), replace(BY_NAME[step], reads=frozenset()))


@pytest.mark.parametrize("step", TABLE)
async def test_a_step_asks_for_nothing_but_what_it_says_that_it_reads(step: str) -> None:
    world = await TABLE[step][0]()
    for _ in range(20):
        whole = await scene(world)
        assert {each.name: each.asks(whole).kinds - each.reads for each in STEPS} == {name: set() for name in BY_NAME}
        world.now = world.later(max(await world.step() or 0.0, 0.01))


def test_each_step_says_what_it_does() -> None:
    assert len({step.what for step in STEPS}) == len(STEPS)
    assert all(step.what.endswith(".") and step.what[0].isupper() for step in STEPS)
