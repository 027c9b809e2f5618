"""What is told is on record: every decision lies in an outbox, once, under a name that docs/audit.md explains."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from slipway.api.actors import SLIPWAY, UNVERIFIED, rule
from slipway.api.outbox import Entry
from slipway.api.reasons import REGISTERED
from slipway.api.release_status import Wanted
from slipway.audit.delivery import last_words
from slipway.plan.writing.actions import Announce, Decision, Plan
from slipway.registry.protocol import RegistryError
from slipway_server.errors import Reason
from tests.unit.release.canaries import GATEWAY, R1, R2, behind_a_gateway, ends, start
from tests.unit.release.fakes import Crash, failing, passing
from tests.unit.release.test_crashes import recorded
from tests.unit.release.world import MODEL, NAME, NAMESPACE, World

ROOT = Path(__file__).parents[3]
DOCUMENTED = frozenset(re.findall(r"`([A-Z]\w+)`", (ROOT / "docs/audit.md").read_text()))

Move = Callable[[World], Any]
LATER = ((1, 0.1), (3, 0.5), (6, 2.0), (4, 40.0), (2, 400.0))
"""Passes and the seconds between them."""


def model(answer: str) -> dict[str, Any]:
    return {"name": MODEL, "candidate": {"alias": "staging"}, "aliasConflict": answer}


def point(world: World, version: str) -> None:
    world.registry.models[MODEL]["production"] = version


def lose_route(world: World) -> None:
    world.cluster.objects.pop(("HTTPRoute", NAMESPACE, NAME), None)


MOVES: dict[str, Move] = {
    "version 1 is wanted": lambda world: world.alias("1"),
    "version 2 is wanted": lambda world: world.alias("2"),
    "version 3 is wanted": lambda world: world.alias("3"),
    "nothing is wanted": lambda world: world.alias(None),
    "paused": lambda world: world.edit(paused=True),
    "goes on": lambda world: world.edit(paused=False),
    "back": lambda world: world.edit(rollback={"to": "previous"}),
    "no way back": lambda world: world.edit(rollback=None),
    "retried": lambda world: world.edit(retry=str(world.now)),
    "through the Service": lambda world: world.edit(traffic={"router": "Service"}),
    "through the gateway": lambda world: world.edit(traffic=GATEWAY),
    "the alias is moved by hand": lambda world: point(world, "1"),
    "the alias is moved again": lambda world: point(world, "3"),
    "aliases are restored": lambda world: world.edit(model=model("Restore")),
    "aliases are followed": lambda world: world.edit(model=model("Follow")),
    "the route is deleted": lose_route,
    "2 is slow": lambda world: setattr(world.callers, "slow", {R2: 0.5}),
    "2 is fast": lambda world: setattr(world.callers, "slow", {}),
    "pods of 1 end": lambda world: world.cluster.unready.add(R1),
    "pods of 2 end": lambda world: world.cluster.unready.add(R2),
    "pods are ready": lambda world: world.cluster.unready.clear(),
    "gates fail": lambda world: setattr(world.cluster, "verdict", failing),
    "gates pass": lambda world: setattr(world.cluster, "verdict", passing),
    "a short history": lambda world: world.edit(revisionHistoryLimit=1),
}


class Witness:
    """Looks at every outbox after every pass: which entries lay in one since it began, and what was told since then."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.entries: dict[tuple[str, int], Entry] = {}
        self.look()
        self.before = set(self.entries)
        world.cluster.events.clear()

    def look(self) -> None:
        for (kind, *_), manifest in self.world.cluster.objects.items():
            if kind in ("ModelRelease", "ModelRevision"):
                for found in manifest.get("status", {}).get("outbox", []):
                    entry = Entry.model_validate(found)
                    self.entries[manifest["metadata"]["uid"], entry.seq] = entry

    def recorded(self) -> Counter[tuple[str, str]]:
        new = (entry for place, entry in self.entries.items() if place not in self.before)
        return Counter((entry.action, f"{entry.reason} (by {entry.actor})") for entry in new)

    def told(self) -> Counter[tuple[str, str]]:
        return Counter((event["reason"], event["message"]) for event in self.world.cluster.events)


async def history(moves: list[tuple[str, tuple[int, float]]]) -> Witness:
    """A release behind a gateway, to which all that happens."""
    world = await behind_a_gateway()
    witness = Witness(world)
    for move, (passes, seconds) in [*moves, ("goes on", (3, 0.1))]:
        MOVES[move](world)
        for _ in range(passes):
            world.now = world.later(seconds)
            with suppress(RegistryError):
                await world.step()
            witness.look()
    return witness


@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(sorted(MOVES)), st.sampled_from(LATER)), min_size=3, max_size=14))
def test_in_any_history_what_is_told_lies_in_an_outbox_exactly_once(
    moves: list[tuple[str, tuple[int, float]]],
) -> None:
    witness = asyncio.run(history(moves))
    told, on_record = witness.told(), witness.recorded()
    unwritten = Counter(each for each in told if each[0] == "Started" and each not in on_record)
    assert told - unwritten == on_record
    assert {action for action, _ in told} <= DOCUMENTED


async def test_a_canary_and_its_end_are_in_the_log() -> None:
    world = await behind_a_gateway()
    await start(world, step=2)
    world.callers.slow = {R2: 0.9}
    await ends(world, "Rejected")
    await world.settle(hours=0.05)
    found = [(r["action"], r["from"], r["to"], r["outcome"]) for r in world.store.records if r["revision"] == R2]
    assert ("CanaryStep", "10", "50", "Decided") in found
    assert found[-2:] == [
        ("TrafficWithdrawing", R2, R1, "Intended"),
        ("TrafficWithdrawn", R2, R1, "Done"),
    ]


async def restored(world: World) -> list[tuple[str, ...]]:
    """Somebody moves the alias, and it is moved back: what is on record of it."""
    point(world, "1")
    for _ in range(3):
        try:
            await world.settle(hours=0.02)
            break
        except Crash:
            world.restart()
    return recorded(world)


async def serving_2() -> World:
    world = World()
    world.edit(model=model("Restore"))
    for version in ("1", "2"):
        world.alias(version)
        await world.settle(hours=0.1)
    return world


async def test_an_alias_edited_by_hand_is_one_decision_and_its_way_back_another() -> None:
    world = await serving_2()
    before = len(world.store.records)
    await restored(world)
    told = [(r["action"], r["actor"], r["to"], r["effect"], r["outcome"]) for r in world.store.records[before:]]
    assert told == [
        ("AliasEdited", UNVERIFIED, "1", None, "Decided"),
        ("AliasRestoring", SLIPWAY, "2", "AliasRestore", "Intended"),
        ("AliasRestored", SLIPWAY, "2", "AliasRestore", "Done"),
    ]


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_crash_at_any_write_neither_loses_nor_repeats_the_alias_s_way_back(when: str) -> None:
    reference = await serving_2()
    first = len(reference.cluster.writes)
    told = await restored(reference)
    for number in range(first + 1, len(reference.cluster.writes) + 1):
        world = await serving_2()
        setattr(world.cluster, f"crash_{when}", number)
        assert await restored(world) == told, f"killed {when} write {reference.cluster.writes[number - 1]}"


def test_a_decision_without_a_write_to_be_recorded_in_cannot_be_planned() -> None:
    decision = Decision("AliasRestored", R1, "it moves back", SLIPWAY)
    with pytest.raises(ValueError, match="AliasRestored has 0 writes"):
        Plan(Announce("default", MODEL, "production", "1", sync_stages=False), decision)


def test_every_action_that_can_be_recorded_is_in_the_table_of_the_audit_log() -> None:
    """The server names reasons too: a fetch that fails gives its own."""
    named = {str(reason) for (used, _), reason in REGISTERED.items() if used in ("Decision", "Attempt", "Fetch report")}
    assert {"CanaryStep", "TrafficWithdrawn", "AliasRestored", "UnsafeModel"} <= named
    assert named - DOCUMENTED == set()
    assert set(get_args(Reason)) <= named


def test_actors_are_made_in_one_place() -> None:
    """Nobody spells one by hand: the type checker holds decisions to it; the API's own default is the same word."""
    assert (SLIPWAY, UNVERIFIED, rule("Gates")) == ("slipway", "unverified", "rule:Gates")
    assert Wanted.model_fields["actor"].default == UNVERIFIED


async def test_a_revision_that_is_deleted_before_it_was_ever_written_is_on_record() -> None:
    world = World()
    world.alias("1")
    while not world.names("ModelRevision"):
        await world.step()
    assert [event["reason"] for event in world.cluster.events] == ["Started"]
    manifest = world.cluster.objects[("ModelRevision", NAMESPACE, R1)]
    left = [(letter.entry.seq, letter.entry.action) for letter in last_words(manifest, world.now)]
    assert left == [(1, "Started"), (2, "Deleted")]
