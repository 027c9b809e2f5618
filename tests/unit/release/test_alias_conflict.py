"""Somebody else moves the production alias: never obeyed silently."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.release.world import MODEL, NAME, World

R1, R2 = f"{NAME}-r1", f"{NAME}-r2"


@pytest.fixture
async def world() -> World:
    """Version 2 serves, version 1 is warm."""
    world = World()
    world.edit(rollout={"watch": "30s", "keepWarm": "10h", "progressDeadline": "5m"})
    world.alias("1")
    await world.settle(hours=0.1)
    world.alias("2")
    await world.settle(hours=0.1)
    return world


def policy(world: World, answer: str) -> None:
    world.edit(model={"name": MODEL, "candidate": {"alias": "staging"}, "aliasConflict": answer})


def production(world: World, version: str | None = None) -> Any:
    """The production alias; moved by hand first where `version` is given."""
    if version is not None:
        world.registry.models[MODEL]["production"] = version
    return world.registry.models[MODEL].get("production")


async def test_it_is_reported_once_and_left(world: World) -> None:
    production(world, "1")
    await world.settle(hours=0.1)
    assert world.serving == R2
    assert production(world) == "1"
    assert world.status["aliasEdit"]["version"] == "1"
    seen = world.condition("RegistryReachable")
    assert (seen["status"], seen["reason"]) == ("True", "AliasEdited")
    assert seen["message"] == (
        "alias production points at version 1, but production serves version 2; "
        "it is left unchanged (spec.model.aliasConflict)"
    )
    production(world, "2")
    await world.settle(hours=0.1)
    assert world.condition("RegistryReachable")["reason"] == "Listed"
    assert world.status["aliasEdit"]["agreedSince"]


async def test_it_is_moved_back_but_not_for_ever(world: World) -> None:
    policy(world, "Restore")
    for insistence in range(5):
        production(world, "1")
        await world.settle(hours=0.01)
        assert production(world) == ("2" if insistence < 3 else "1")
    assert "leaving it" in world.condition("RegistryReachable")["message"]
    production(world, "2")
    await world.settle(hours=0.1)
    world.now = world.now.fromtimestamp(world.now.timestamp() + 3700, world.now.tzinfo)
    production(world, "1")
    await world.settle(hours=0.01)
    assert production(world) == "2", "after an hour of peace it is moved back again"


async def test_it_is_followed_to_a_version_that_has_served(world: World) -> None:
    policy(world, "Follow")
    production(world, "1")
    await world.settle(hours=0.1)
    assert world.serving == R1
    assert world.status["rollback"]["trigger"] == "AliasMoved"
    assert world.revision(2)["phase"] == "RolledBack"
    assert world.status["hold"]["reason"] == "AutomaticRollback"
    production(world, "2")
    await world.settle(hours=0.1)
    assert world.serving == R2, "and forth"


async def test_it_is_not_followed_to_a_version_that_proved_nothing(world: World) -> None:
    policy(world, "Follow")
    production(world, "3")
    await world.settle(hours=0.1)
    assert world.serving == R2
    assert world.condition("RegistryReachable")["reason"] == "AliasEdited"
