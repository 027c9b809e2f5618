"""A release with a history: two versions promoted, one rejected, one rollback; and what a report needs of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from slipway.api.release import ModelRelease
from slipway.cli.release.follow import look
from slipway.cli.report.command import story
from slipway.cli.session import ReleaseKey
from slipway.report.story import Story
from tests.unit.release.fakes import failing, passing
from tests.unit.release.world import NAME, NAMESPACE, World, version

NASTY = 'a|b "quoted" <script>alert(1)</script> `tick` [link](http://x) *bold*\n# heading'


async def promoted(world: World, number: str) -> None:
    world.alias(number)
    await world.until("Watching")
    await world.settle(hours=0.05)


@pytest.fixture
async def told() -> Story:
    world = World()
    await promoted(world, "1")
    await promoted(world, "2")
    world.cluster.verdict = failing
    world.alias("3")
    await world.settle(hours=0.05)
    world.cluster.verdict = passing
    world.edit(rollback={"to": "previous", "reason": NASTY})
    await world.settle(hours=0.05)
    seen = await look(world.cluster, ReleaseKey(NAMESPACE, NAME))
    versions = {number: version(number, **{"data.version": f"data-{number}", "note": NASTY}) for number in "123"}
    return story(seen, versions, ())


@pytest.fixture
def empty(told: Story) -> Story:
    """The same release before anything happened."""
    fresh = ModelRelease(metadata=told.release.metadata, spec=told.release.spec)
    return replace(told, release=fresh, revisions=(), versions={}, records=(), live_figures=None)
