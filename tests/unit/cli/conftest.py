"""A release in memory, and the commands on the same cluster."""

from __future__ import annotations

import pytest

from slipway.cli.session import ReleaseKey
from tests.unit.release.world import NAME, NAMESPACE, World

KEY = ReleaseKey(NAMESPACE, NAME)


@pytest.fixture
def world() -> World:
    return World()


async def serve(world: World, number: str) -> None:
    """Release version `number`, up to and including its watch."""
    world.alias(number)
    await world.until("Watching")
    await world.settle(hours=0.05)
