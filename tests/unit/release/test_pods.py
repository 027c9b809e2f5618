"""A Deployment that exists keeps its pod template: it is resized, and mended only while it serves nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from slipway.settings import Registry
from tests.unit.release.test_sizes import R1, deployment, resize
from tests.unit.release.world import NAME, World

R2 = f"{NAME}-r2"
ELSEWHERE = "http://mlflow.elsewhere"


async def at(phase: str) -> World:
    """Version 1 serves, and version 2 is in `phase`."""
    world = World()
    world.alias("1")
    await world.settle(hours=0.1)
    world.alias("2")
    for on_the_way in ("Fetching", phase) if phase != "Live" else ("Watching", "Live"):
        await world.until(on_the_way)
    return world


def edit(world: World, name: str, image: str) -> None:
    """Somebody edits a Deployment's server."""
    manifest = world.cluster.objects[("Deployment", "demo", name)]
    manifest["spec"]["template"]["spec"]["containers"][0]["image"] = image
    world.put(manifest)


def image(world: World, name: str) -> Any:
    return deployment(world, name)["template"]["spec"]["containers"][0]["image"]


def move_registry(world: World) -> None:
    """An administrator moves the registry, which restarts the operator."""
    moved = world.context.settings.model_copy(update={"registries": {"default": Registry(url=ELSEWHERE)}})
    world.context = replace(world.context, settings=moved)


def tracking(world: World, name: str) -> Any:
    fetch = deployment(world, name)["template"]["spec"]["initContainers"][0]
    return next(entry["value"] for entry in fetch["env"] if entry["name"] == "MLFLOW_TRACKING_URI")


async def test_an_edit_of_a_candidates_pods_is_undone() -> None:
    world = await at("Staging")
    edit(world, R2, "mine:1")
    await world.passes(2)
    assert image(world, R2) == "server:1"


async def test_an_edit_of_pods_that_serve_is_left_alone_and_so_is_their_template_when_they_are_resized() -> None:
    world = await at("Live")
    edit(world, R2, "hotfix:1")
    resize(world, R2, 7)
    await world.settle(hours=0.1)
    assert deployment(world, R2)["replicas"] == 2
    assert image(world, R2) == "hotfix:1"


async def test_a_candidate_follows_its_registry_to_another_place() -> None:
    world = await at("Fetching")
    move_registry(world)
    await world.passes(3)
    assert tracking(world, R2) == ELSEWHERE


async def test_pods_that_serve_do_not_follow_their_registry() -> None:
    world = await at("Live")
    move_registry(world)
    resize(world, R2, 7)
    await world.settle(hours=0.1)
    assert tracking(world, R2) == "http://mlflow"


async def test_a_way_back_without_pods_comes_up_with_the_registry_as_it_is_now() -> None:
    world = await at("Live")
    await world.settle(hours=2)
    assert deployment(world, R1)["replicas"] == 0
    move_registry(world)
    world.edit(rollback={"to": "previous"})
    await world.settle(hours=0.1)
    assert world.serving == R1
    assert tracking(world, R1) == ELSEWHERE


async def test_what_a_person_rolled_back_from_stays_warm_until_production_moves_on() -> None:
    world = await at("Live")
    world.edit(rollback={"to": "previous"})
    await world.settle(hours=0.05)
    assert (world.serving, deployment(world, R2)["replicas"]) == (R1, 2)
    world.edit(rollback=None)
    world.alias("3")
    await world.until("Watching")
    await world.settle(hours=0.1)
    assert world.serving == f"{NAME}-r3"
    assert (deployment(world, R1)["replicas"], deployment(world, R2)["replicas"]) == (2, 0)


async def test_a_candidate_that_another_version_of_the_operator_rendered_is_resized_and_no_more() -> None:
    world = await at("Staging")
    manifest = world.cluster.objects[("Deployment", "demo", R2)]
    manifest["metadata"]["annotations"]["slipway.dev/template"] = "of-another"
    edit(world, R2, "server:of-then")
    resize(world, R2, 1)
    await world.passes(2)
    assert image(world, R2) == "server:of-then"
    assert deployment(world, R2)["replicas"] == 2
