"""Resuming a canary, and seeing how far it is."""

from __future__ import annotations

import pytest

from slipway.cli.release import follow, status
from slipway.cli.release.resume import resume
from slipway.cli.session import Failure
from tests.unit.cli.conftest import KEY
from tests.unit.release.world import World

GATEWAY = {"router": "Gateway", "gateway": {"parentRefs": [{"name": "public"}]}}
STEPS = [{"weight": 10, "minRequests": 20, "pause": True}, {"weight": 50, "minRequests": 50}]
ROLLOUT = {"watch": "5s", "keepWarm": "10m", "steps": STEPS}


@pytest.fixture
async def paused(world: World) -> World:
    """A canary that waits for somebody."""
    world.edit(traffic=GATEWAY, rollout=ROLLOUT)
    world.callers.rate = 50.0
    world.alias("1")
    await world.until("Watching")
    await world.settle(hours=0.01)
    world.alias("2")
    await world.until("Canary")
    for _ in range(60):
        if "paused" in world.status["message"]:
            return world
        world.now = world.later(max(await world.step() or 0.0, 0.01))
    raise AssertionError(world.status["message"])


async def test_resume_names_the_revision_and_its_step(paused: World) -> None:
    assert await resume(paused.cluster, KEY, None) == "cancer-r2/1"
    await paused.settle(hours=0.03)
    assert paused.status["live"]["version"] == "2"


async def test_a_step_that_lifts_nothing_is_refused(paused: World) -> None:
    with pytest.raises(Failure, match="is at step 1 of 2"):
        await resume(paused.cluster, KEY, 3)


async def test_without_a_canary_there_is_nothing_to_resume(world: World) -> None:
    with pytest.raises(Failure, match="has no canary to resume"):
        await resume(world.cluster, KEY, None)


async def test_status_shows_the_steps(paused: World, capsys: pytest.CaptureFixture[str]) -> None:
    status.show(await follow.look(paused.cluster, KEY))
    shown = capsys.readouterr().out
    assert "Canary of cancer-r2" in shown
    assert "of 20" in shown
    assert "50 %" in shown
