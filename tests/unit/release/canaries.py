"""A release behind a gateway in memory, and its canary: what the tests of both have in common."""

from __future__ import annotations

from typing import Any

from tests.unit.release.world import NAME, World

GATEWAY = {"router": "Gateway", "gateway": {"parentRefs": [{"name": "public"}], "hostnames": ["models.example"]}}
STEPS = [{"weight": 10, "minRequests": 100, "timeout": "10m"}, {"weight": 50, "minRequests": 300, "timeout": "10m"}]
ROLLOUT = {"watch": "30s", "keepWarm": "10m", "progressDeadline": "5m"}
R1, R2 = f"{NAME}-r1", f"{NAME}-r2"


def rollout(*steps: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {**ROLLOUT, "steps": list(steps) or STEPS, **others}


async def behind_a_gateway() -> World:
    """A release behind a gateway that serves version 1, with 50 requests a second."""
    made = World()
    made.edit(traffic=GATEWAY, rollout=rollout())
    made.callers.rate = 50.0
    made.alias("1")
    await made.until("Watching")
    await made.settle(hours=0.05)
    return made


async def start(world: World, step: int = 1) -> None:
    """Version 2 is wanted, and has begun its canary step `step`."""
    world.alias("2")
    await world.until("Canary")
    await reach(world, step)


async def reach(world: World, step: int) -> None:
    for _ in range(400):
        canary = world.revision(2).get("canary", {})
        if canary.get("step") == step and canary.get("stepStartedAt"):
            return
        world.now = world.later(max(await world.step() or 0.0, 0.01))
    raise AssertionError(f"step {step} never began: {world.revision(2)}")


async def ends(world: World, phase: str) -> dict[str, Any]:
    """The revision of version 2, once it is in `phase`."""
    for _ in range(800):
        if world.revision(2)["phase"] == phase:
            return world.revision(2)
        world.now = world.later(max(await world.step() or 0.0, 0.01))
    raise AssertionError(f"never {phase}: {world.status['message']}")
