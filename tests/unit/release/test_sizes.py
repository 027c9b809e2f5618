"""How many pods: the release's number, or an autoscaler's, which is followed and never fought."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.plan.situation.observed import Counters
from tests.unit.release.world import NAME, World

R1, R2 = f"{NAME}-r1", f"{NAME}-r2"
SCALING = {"minReplicas": 2, "maxReplicas": 8}


@pytest.fixture
async def world() -> World:
    """Version 1 serves."""
    world = World()
    world.alias("1")
    await world.settle(hours=0.1)
    return world


def deployment(world: World, name: str) -> dict[str, Any]:
    return dict(world.cluster.objects[("Deployment", "demo", name)]["spec"])


def autoscale(world: World, target: str, name: str = "mine") -> None:
    """A user's own autoscaler."""
    scale = {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}
    meta = {"name": name, "namespace": "demo"}
    world.put(
        {"kind": "HorizontalPodAutoscaler", "metadata": meta, "spec": {"scaleTargetRef": scale, "maxReplicas": 9}}
    )


def resize(world: World, name: str, replicas: int) -> None:
    """What an autoscaler does, and a person with kubectl scale."""
    manifest = world.cluster.objects[("Deployment", "demo", name)]
    world.put({**manifest, "spec": {**manifest["spec"], "replicas": replicas}})


async def test_a_size_that_was_changed_by_hand_is_put_right(world: World) -> None:
    resize(world, R1, 7)
    await world.settle(hours=0.1)
    assert deployment(world, R1)["replicas"] == 2


async def test_a_users_autoscaler_is_followed_and_the_candidate_comes_up_at_its_size(world: World) -> None:
    autoscale(world, R1)
    resize(world, R1, 7)
    await world.settle(hours=0.1)
    assert deployment(world, R1)["replicas"] == 7
    world.alias("2")
    await world.until("Watching")
    assert deployment(world, R2)["replicas"] == 7
    await world.passes(5)
    assert deployment(world, R1)["replicas"] == 7, "the way back is as large as production was"


async def test_production_that_grew_meanwhile_is_replaced_by_as_many_pods(world: World) -> None:
    autoscale(world, R1)
    resize(world, R1, 3)
    world.alias("2")
    await world.until("Gating")
    resize(world, R1, 6)
    await world.until("Watching")
    assert deployment(world, R2)["replicas"] == 6


async def test_the_releases_own_autoscaler_is_one_and_moves_with_production(world: World) -> None:
    world.edit(server={"autoscaling": SCALING})
    await world.settle(hours=0.1)
    assert world.names("ModelRevision") == [R1], "it needs no new proof"
    assert world.names("HorizontalPodAutoscaler") == [R1]
    resize(world, R1, 5)
    world.alias("2")
    await world.settle(hours=0.05)
    assert world.names("HorizontalPodAutoscaler") == [R2]
    assert deployment(world, R1)["replicas"] == deployment(world, R2)["replicas"] == 5
    world.edit(rollback={"to": "previous"})
    await world.settle(hours=0.05)
    assert world.names("HorizontalPodAutoscaler") == [R1]
    world.edit(server={"replicas": 2})
    await world.settle(hours=0.05)
    assert world.names("HorizontalPodAutoscaler") == []
    assert deployment(world, R1)["replicas"] == 2


async def test_a_users_autoscaler_is_left_in_charge_alone(world: World) -> None:
    autoscale(world, R1)
    world.edit(server={"autoscaling": SCALING})
    await world.settle(hours=0.1)
    assert world.names("HorizontalPodAutoscaler") == ["mine"]


async def test_the_first_revision_starts_inside_the_autoscalers_bounds() -> None:
    world = World()
    world.edit(server={"replicas": 1, "autoscaling": {"minReplicas": 3, "maxReplicas": 5}})
    world.alias("1")
    await world.settle(hours=0.1)
    assert deployment(world, R1)["replicas"] == 3


async def test_min_ready_seconds_are_part_of_the_pods_and_of_no_proof(world: World) -> None:
    world.edit(server={"minReadySeconds": 20})
    await world.settle(hours=0.1)
    assert world.names("ModelRevision") == [R1]
    world.alias("2")
    await world.settle(hours=0.1)
    assert deployment(world, R2)["minReadySeconds"] == 20


async def test_a_revision_that_is_still_used_keeps_its_pods(world: World) -> None:
    world.alias("2")
    await world.settle(hours=0.1)
    world.now = world.now.fromtimestamp(world.now.timestamp() + 590, world.now.tzinfo)
    world.counters.answered[f"{R1}-0"] = Counters(10, 0, 0, in_flight=1)
    await world.passes(10, seconds=7)
    assert deployment(world, R1)["replicas"] == 2, "a request is still being answered"
    for _ in range(6):
        world.counters.answered[f"{R1}-0"] = Counters(world.counters.answered[f"{R1}-0"].requests + 1, 0, 0)
        await world.passes(1, seconds=7)
    assert deployment(world, R1)["replicas"] == 2, "a client still comes"
    await world.passes(4, seconds=7)
    assert deployment(world, R1)["replicas"] == 0


async def test_a_client_that_never_lets_go_does_not_keep_the_pods_for_ever(world: World) -> None:
    world.alias("2")
    await world.settle(hours=0.1)
    world.counters.answered[f"{R1}-0"] = Counters(10, 0, 0, in_flight=1)
    world.now = world.now.fromtimestamp(world.now.timestamp() + 590, world.now.tzinfo)
    await world.passes(60, seconds=7)
    assert deployment(world, R1)["replicas"] == 0
    assert world.revision(1)["drain"]["inFlight"] == 1
