"""Every move that the table of phases allows is made by a story: an edge that nothing walks is no edge."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from slipway.api.revision import Phase
from slipway.gates.inline.logged import Logged
from slipway.plan.situation.phases import EDGES
from tests.unit.release.canaries import behind_a_gateway
from tests.unit.release.fakes import failing
from tests.unit.release.world import NAME, NAMESPACE, World, version

R2 = f"{NAME}-r2"
Happens = Callable[[World], Any]


def inconclusive(gate: str) -> str:
    return json.dumps({"name": gate, "verdict": "Inconclusive", "message": "too few answers", "n": 1})


def nothing(world: World) -> None:
    """The story goes on by itself."""


def moves_on(world: World) -> None:
    world.alias("3")


def goes_away(world: World) -> None:
    world.alias(None)


def describe(**changes: Any) -> Happens:
    return lambda world: world.registry.described.update({"2": replace(version("2"), **changes)})


def on_the_cluster(**changes: Any) -> Happens:
    return lambda world: [setattr(world.cluster, name, value) for name, value in changes.items()]


def is_unready(world: World) -> None:
    world.cluster.unready.add(R2)


def rolled_back(world: World) -> None:
    world.edit(rollback={"to": "previous"})


def is_slow(world: World) -> None:
    world.callers.slow[R2] = 0.9


def back_to_it(world: World) -> None:
    world.edit(rollback={"to": R2})


WALKS: dict[tuple[Phase, Phase], Happens] = {
    (Phase.PENDING, Phase.FETCHING): nothing,
    (Phase.PENDING, Phase.REJECTED): describe(tags={}),
    (Phase.PENDING, Phase.INCONCLUSIVE): describe(metrics=Logged()),
    (Phase.PENDING, Phase.SUPERSEDED): moves_on,
    (Phase.PENDING, Phase.ABORTED): goes_away,
    (Phase.FETCHING, Phase.STAGING): nothing,
    (Phase.FETCHING, Phase.REJECTED): on_the_cluster(unfetched=frozenset({"2"})),
    (Phase.FETCHING, Phase.SUPERSEDED): moves_on,
    (Phase.FETCHING, Phase.ABORTED): goes_away,
    (Phase.STAGING, Phase.GATING): nothing,
    (Phase.STAGING, Phase.REJECTED): on_the_cluster(broken=frozenset({"2"})),
    (Phase.STAGING, Phase.SUPERSEDED): moves_on,
    (Phase.STAGING, Phase.ABORTED): goes_away,
    (Phase.GATING, Phase.PROMOTING): nothing,
    (Phase.GATING, Phase.REJECTED): on_the_cluster(verdict=failing),
    (Phase.GATING, Phase.INCONCLUSIVE): on_the_cluster(verdict=inconclusive),
    (Phase.GATING, Phase.SUPERSEDED): moves_on,
    (Phase.GATING, Phase.ABORTED): goes_away,
    (Phase.PROMOTING, Phase.WATCHING): nothing,
    (Phase.PROMOTING, Phase.SUPERSEDED): moves_on,
    (Phase.PROMOTING, Phase.ABORTED): goes_away,
    (Phase.WATCHING, Phase.LIVE): nothing,
    (Phase.WATCHING, Phase.ROLLED_BACK): is_unready,
    (Phase.LIVE, Phase.RETIRED): moves_on,
    (Phase.LIVE, Phase.ROLLED_BACK): rolled_back,
    (Phase.RETIRED, Phase.LIVE): back_to_it,
    (Phase.ROLLED_BACK, Phase.LIVE): back_to_it,
}
"""Behind a Service. What happens once revision 2 is in the first phase, and the phase that it goes to then."""
WALKS_BEHIND_A_GATEWAY: dict[tuple[Phase, Phase], Happens] = {
    (Phase.GATING, Phase.CANARY): nothing,
    (Phase.CANARY, Phase.PROMOTING): nothing,
    (Phase.CANARY, Phase.REJECTED): is_slow,
    (Phase.CANARY, Phase.INCONCLUSIVE): on_the_cluster(gateway_up=False),
    (Phase.CANARY, Phase.SUPERSEDED): moves_on,
    (Phase.CANARY, Phase.ABORTED): goes_away,
    (Phase.PROMOTING, Phase.REJECTED): is_unready,
}


def phase_of(world: World) -> Phase | None:
    found = world.cluster.objects.get(("ModelRevision", NAMESPACE, R2))
    return Phase(found["status"].get("phase", "Pending")) if found else None


async def go(world: World, until: Callable[[Phase | None], bool]) -> Phase | None:
    """Revision 2's phase, once it is as asked for."""
    for _ in range(900):
        if until(phase_of(world)):
            break
        world.now = world.later(max(await world.step() or 0.0, 0.01))
    return phase_of(world)


async def reach(world: World, phase: Phase) -> None:
    """Revision 2 is in `phase`: on its way, or afterwards."""
    world.alias("2")
    if phase is Phase.RETIRED:
        await go(world, lambda now: now is Phase.LIVE)
        world.alias("3")
    if phase is Phase.ROLLED_BACK:
        await go(world, lambda now: now is Phase.LIVE)
        rolled_back(world)
    assert await go(world, lambda now: now is phase) is phase


async def walk(world: World, edge: tuple[Phase, Phase], happens: Happens) -> None:
    before, after = edge
    await reach(world, before)
    happens(world)
    assert await go(world, lambda now: now is not before) is after


@pytest.mark.parametrize("edge", WALKS, ids=lambda edge: "-".join(edge))
async def test_a_revision_goes_on(edge: tuple[Phase, Phase]) -> None:
    world = World()
    world.callers.rate = 50.0
    world.alias("1")
    await world.until("Live")
    await world.settle(hours=0.01)
    await walk(world, edge, WALKS[edge])


@pytest.mark.parametrize("edge", WALKS_BEHIND_A_GATEWAY, ids=lambda edge: "-".join(edge))
async def test_a_revision_goes_on_behind_a_gateway(edge: tuple[Phase, Phase]) -> None:
    await walk(await behind_a_gateway(), edge, WALKS_BEHIND_A_GATEWAY[edge])


def test_every_edge_is_walked() -> None:
    declared = {(before, after) for before, ends in EDGES.items() for after in ends}
    assert declared == set(WALKS) | set(WALKS_BEHIND_A_GATEWAY)
