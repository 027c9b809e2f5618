"""The operator is killed at any write of a canary."""

from __future__ import annotations

import copy

import pytest

from tests.unit.release.canaries import R1, R2, behind_a_gateway
from tests.unit.release.fakes import Crash, FakeStore
from tests.unit.release.test_crashes import recorded
from tests.unit.release.world import NAME, World


@pytest.fixture
async def world() -> World:
    return await behind_a_gateway()


async def story(world: World, slow: float) -> World:
    """Version 2 earns its way, or is taken back for being slow: the operator is restarted whenever it is killed."""
    world.callers.slow = {R2: slow}
    world.alias("2")
    for _ in range(2):
        try:
            await world.settle(hours=0.03)
            break
        except Crash:
            world.restart()
    return world


def copied(world: World) -> World:
    """The same world again, with an operator that was just started."""
    other = World(now=world.now, store=FakeStore(list(world.store.records)))
    other.cluster.objects = copy.deepcopy(world.cluster.objects)
    other.cluster._versions = copy.copy(world.cluster._versions)
    other.registry.models = copy.deepcopy(world.registry.models)
    other.counters.answered = dict(world.counters.answered)
    other.callers.rate = world.callers.rate
    return other


def end_of(world: World) -> tuple[object, ...]:
    phases = tuple(world.revision(int(name[-1]))["phase"] for name in world.names("ModelRevision"))
    flips = world.cluster.writes.count(("flip", "HTTPRoute", NAME))
    deployments = tuple(world.names("Deployment"))
    return world.weights, world.serving, phases, flips, deployments, world.registry.announced, recorded(world)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("slow", "end"),
    [(0.0, ({R2: 100}, R2, ("Retired", "Live"), 3)), (0.5, ({R1: 100}, R1, ("Live", "Rejected"), 2))],
    ids=["good", "bad"],
)
async def test_a_crash_at_any_write_of_a_canary_changes_nothing_in_the_end(
    world: World, slow: float, end: tuple[object, ...], when: str
) -> None:
    """Every second write: killed after one, the operator leaves what it leaves when it is killed before the next."""
    reference = await story(copied(world), slow)
    told = end_of(reference)
    assert told[:4] == end
    for number in range(1, len(reference.cluster.writes) + 1, 2):
        killed = copied(world)
        setattr(killed.cluster, f"crash_{when}", number)
        await story(killed, slow)
        assert end_of(killed) == told, f"killed {when} write {number}: {reference.cluster.writes[number - 1]}"
