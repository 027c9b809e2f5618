"""The operator is killed before and after every single write; the end is the same, and nothing is done twice."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.unit.release.fakes import Crash
from tests.unit.release.world import NAME, World

Summary = tuple[object, ...]


async def story(world: World) -> None:
    """Release v1, release v2, roll back: restarting the operator whenever it is killed."""
    chapters = (
        lambda: world.alias("1"),
        lambda: world.alias("2"),
        lambda: world.edit(rollback={"to": "previous"}),
    )
    for chapter in chapters:
        chapter()
        for _ in range(3):
            try:
                await world.settle(hours=0.1)
                break
            except Crash:
                world.restart()


def summary(world: World) -> Summary:
    """What must not depend on crashes: the end state, and how often things were made, removed and flipped."""
    made = Counter((verb, kind, name) for verb, kind, name in world.cluster.writes if verb in ("create", "delete"))
    phases = tuple((name, world.revision(int(name[-1]))["phase"]) for name in world.names("ModelRevision"))
    objects = tuple((kind, tuple(world.names(kind))) for kind in ("Deployment", "Job", "Service", "ConfigMap"))
    flips = Counter(name for verb, _, name in world.cluster.writes if verb == "flip")
    return (world.serving, phases, objects, made, flips, world.registry.announced)


async def reference() -> tuple[Summary, int]:
    """The story without a crash: its summary and its number of writes."""
    world = World()
    await story(world)
    return summary(world), len(world.cluster.writes)


async def test_the_story_itself_is_as_told() -> None:
    told, writes = await reference()
    assert told[0] == f"{NAME}-r1"
    assert told[4] == {NAME: 2}, "one forward flip, one reverse flip; the first promotion creates the Service"
    assert 30 < writes < 120


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_crash_at_any_write_changes_nothing_in_the_end(when: str) -> None:
    told, writes = await reference()
    for number in range(1, writes + 1):
        world = World()
        setattr(world.cluster, f"crash_{when}", number)
        await story(world)
        assert summary(world) == told, f"killed {when} write {number}: {world.cluster.writes[number - 2 : number + 2]}"
