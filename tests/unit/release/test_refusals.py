"""A write that is refused: at once again after a lost race, ever less often and in plain sight after many."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.cluster.port import ClusterError, Conflict, Invalid
from slipway.context.refusals import REPEATED
from slipway.plan.writing.actions import Shift, subject
from slipway.process.worker import CONFLICT_SECONDS, Worker
from slipway.process.workqueue import LAST_BACKOFF_SECONDS, Retry
from tests.unit.release.canaries import GATEWAY, R1, behind_a_gateway
from tests.unit.release.fakes import Identity
from tests.unit.release.world import NAME, NAMESPACE, World

ELSEWHERE = {**GATEWAY, "gateway": {**GATEWAY["gateway"], "hostnames": ["elsewhere.example"]}}  # type: ignore[dict-item]
LINK = {"name": "Link", "value": "<https://docs.example/?a=1&b=2>; title=café"}
FILTERS = [{"type": "ResponseHeaderModifier", "responseHeaderModifier": {"set": [LINK]}}]


@pytest.fixture
async def world() -> World:
    return await behind_a_gateway()


def refuse(world: World, kind: str, error: ClusterError, times: int = 10**6) -> None:
    """The API server answers the next `times` writes of a `kind` with `error`."""
    left = [times]

    def answer(verb: str, identity: Identity) -> ClusterError | None:
        if identity[0] != kind or left[0] == 0:
            return None
        left[0] -= 1
        return error

    world.cluster.refuse = answer


async def look(world: World) -> float:
    """One pass as the queue has it made: after how many seconds the next one is to follow."""
    try:
        again = await Worker(world.context)((NAMESPACE, NAME))
    except Retry as retry:
        again = retry.after
    return again or 0.0


def posted(world: World, reason: str) -> list[str]:
    return [event["message"] for event in world.cluster.events if event["reason"] == reason]


def route(world: World) -> dict[str, Any]:
    return dict(world.cluster.objects[("HTTPRoute", NAMESPACE, NAME)]["spec"])


async def test_a_race_that_is_lost_once_is_run_again_at_once_and_nobody_is_told(world: World) -> None:
    refuse(world, "HTTPRoute", Conflict(409, "the object has been modified"), times=1)
    world.edit(traffic=ELSEWHERE)
    assert await look(world) <= CONFLICT_SECONDS
    await look(world)
    assert route(world)["hostnames"] == ["elsewhere.example"]
    assert posted(world, "Stalled") == []


async def test_a_conflict_that_repeats_is_tried_ever_less_often_up_to_a_bound(world: World) -> None:
    refuse(world, "HTTPRoute", Conflict(409, "the object has been modified"))
    world.edit(traffic=ELSEWHERE)
    pauses = [await look(world) for _ in range(20)]
    for number, pause in enumerate(pauses):
        longest = min(LAST_BACKOFF_SECONDS, CONFLICT_SECONDS * 2.0**number)
        assert longest / 2 <= pause <= longest


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Conflict(409, "the object has been modified"), "WriteConflict"),
        (Invalid(422, "spec.hostnames[0]: Invalid value"), "WriteRefused"),
        (ClusterError(500, "failed calling webhook"), "WriteRefused"),
    ],
)
async def test_a_write_that_is_refused_again_and_again_is_told_once_with_its_object_and_the_answer(
    world: World, error: ClusterError, reason: str
) -> None:
    refuse(world, "HTTPRoute", error)
    world.edit(traffic=ELSEWHERE)
    for _ in range(REPEATED):
        await look(world)
    assert world.condition("Stalled")["status"] == "False"
    await look(world)
    told = world.condition("Stalled")
    assert (told["status"], told["reason"]) == ("True", reason)
    assert f"HTTPRoute {NAME}: " in told["message"]
    assert str(error) in told["message"]
    assert world.status["message"] == told["message"]
    writes = len(world.cluster.writes)
    for _ in range(10):
        await look(world)
    assert len(world.cluster.writes) == writes, "it is said, and nothing is written that is said already"
    assert len(posted(world, "Stalled")) == 1


async def test_it_is_over_when_the_write_goes_through(world: World) -> None:
    refuse(world, "HTTPRoute", Conflict(409, "the object has been modified"), times=REPEATED + 2)
    world.edit(traffic=ELSEWHERE)
    for _ in range(REPEATED + 4):
        await look(world)
    assert route(world)["hostnames"] == ["elsewhere.example"]
    assert world.condition("Stalled")["status"] == "False"
    assert (len(posted(world, "Stalled")), len(posted(world, "Resumed"))) == (1, 1)


async def test_it_is_over_when_the_write_is_not_wanted_any_more(world: World) -> None:
    refuse(world, "HTTPRoute", Invalid(422, "spec.hostnames[0]: Invalid value"))
    world.edit(traffic=ELSEWHERE)
    for _ in range(REPEATED + 1):
        await look(world)
    world.edit(traffic=GATEWAY)
    await look(world)
    assert world.condition("Stalled")["status"] == "False"


async def test_a_revision_whose_status_is_refused_shows_too(world: World) -> None:
    refuse(world, "ModelRevision", Invalid(422, "status.phase: Unsupported value"))
    world.alias("2")
    world.now = world.later(1)
    await world.context.registries.refresh("default")
    for _ in range(REPEATED + 4):
        await look(world)
    assert "ModelRevision " in world.condition("Stalled")["message"]


async def test_what_cannot_be_written_is_its_own_status_backs_off_all_the_same(world: World) -> None:
    refuse(world, "ModelRelease", Conflict(409, "the object has been modified"))
    world.edit(paused=True)
    pauses = [await look(world) for _ in range(10)]
    assert pauses[-1] > 2 * CONFLICT_SECONDS
    world.cluster.refuse = lambda verb, identity: None
    await look(world)
    assert world.condition("Stalled")["status"] == "False"


def test_a_rollback_does_not_wait_for_what_else_is_refused_on_the_same_object() -> None:
    attached = Shift("HTTPRoute", NAME, "7", {"/spec": {}})
    back = Shift("HTTPRoute", NAME, "7", {"/spec/rules/0/backendRefs": []}, flips=R1)
    assert subject(attached) == f"HTTPRoute {NAME}"
    assert subject(back) != subject(attached)


async def test_a_filter_may_hold_any_text(world: World) -> None:
    manifest = world.cluster.objects[("HTTPRoute", NAMESPACE, NAME)]
    rule = {**manifest["spec"]["rules"][0], "filters": FILTERS}
    world.put({**manifest, "spec": {**manifest["spec"], "rules": [rule]}})
    world.edit(traffic=ELSEWHERE)
    await world.settle(hours=0.01)
    assert route(world)["hostnames"] == ["elsewhere.example"]
    assert route(world)["rules"][0]["filters"] == FILTERS
