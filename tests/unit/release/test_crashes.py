"""The operator is killed before and after every single write; the end is the same, and nothing is done twice."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from slipway.audit.record import Head, canonical
from slipway.audit.verify import verify
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
    return (world.serving, phases, objects, made, flips, world.registry.announced, recorded(world))


def recorded(world: World) -> list[tuple[str, ...]]:
    """What the audit log says, without times; the chain is whole, and every effect has its intent and one outcome."""
    log = verify([canonical(record) for record in world.store.records], anchor=Head())
    assert log.findings == []
    assert log.sources == {uid: status["recorded"] for uid, status in statuses(world).items()}
    assert unresolved(world.store.records) == {}
    told = ("release", "revision", "action", "from", "to", "actor", "effect", "outcome")
    return sorted(tuple(str(record[key]) for key in told) for record in world.store.records)


def statuses(world: World) -> dict[str, dict[str, Any]]:
    """The status of every object with an outbox, by uid."""
    kinds = ("ModelRelease", "ModelRevision")
    return {o["metadata"]["uid"]: o["status"] for (kind, *_), o in world.cluster.objects.items() if kind in kinds}


def unresolved(records: list[Any]) -> dict[str, int]:
    """Effects with another number of outcomes than of intents. An outcome before its intent fails at once."""
    open_: Counter[str] = Counter()
    for record in records:
        if record["effect"]:
            open_[record["effect"]] += 1 if record["outcome"] == "Intended" else -1
            assert open_[record["effect"]] in (0, 1), record
    return {effect: count for effect, count in open_.items() if count}


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
    """Every second write: killed after one, the operator leaves what it leaves when it is killed before the next."""
    told, writes = await reference()
    for number in range(1, writes + 1, 2):
        world = World()
        setattr(world.cluster, f"crash_{when}", number)
        await story(world)
        assert summary(world) == told, f"killed {when} write {number}: {world.cluster.writes[number - 2 : number + 2]}"


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_crash_while_records_are_stored_loses_and_repeats_none(when: str) -> None:
    world = World()
    await story(world)
    told = summary(world)
    for number in range(1, world.store.appends + 1):
        world = World()
        setattr(world.store, f"crash_{when}", number)
        await story(world)
        assert summary(world) == told, f"killed {when} append {number}"
