"""Rolling back: the dry run says what the operator then does, and changes nothing."""

from __future__ import annotations

import asyncio
import copy
import json

import pytest
from click.testing import CliRunner

from slipway.api.policy import Rollback
from slipway.cli import kubectl
from slipway.cli.release import rollback as command
from slipway.cli.release.preview import preview
from slipway.cli.session import Failure
from tests.unit.cli.conftest import KEY, serve
from tests.unit.release.world import World

PREVIOUS = Rollback(to="previous", reason="slow")


async def test_the_dry_run_names_source_target_and_price(world: World) -> None:
    await serve(world, "1")
    await serve(world, "2")
    seen = await preview(world.cluster, KEY, PREVIOUS)
    assert (seen.source.name, seen.target.name) == ("cancer-r2", "cancer-r1")
    assert seen.warm
    assert seen.expected.startswith("under 1 s: 2 of 2 pods are ready")
    assert "alias production of cancer_classifier: version 2 → 1" in seen.effects


async def test_the_dry_run_names_all_that_comes_back_and_who_has_to_wait(world: World) -> None:
    world.edit(server={"image": "server:old"}, slo={"errors": {"ratio": 0.2}})
    await serve(world, "1")
    world.edit(server={"image": "server:new"}, slo={})
    await serve(world, "2")
    world.alias("3")
    await world.until("Gating")
    effects = (await preview(world.cluster, KEY, PREVIOUS)).effects
    assert "server image: server:new → server:old" in effects
    assert "objectives: p95 200ms, errors 20.00%, as cancer-r1 had them" in effects
    assert "cancer-r3 (version 3) is in progress and will be aborted" in effects


async def test_the_dry_run_changes_nothing(world: World) -> None:
    await serve(world, "1")
    await serve(world, "2")
    before, writes = copy.deepcopy(world.cluster.objects), len(world.cluster.writes)
    await preview(world.cluster, KEY, PREVIOUS)
    assert (world.cluster.objects, len(world.cluster.writes)) == (before, writes)


async def test_a_cold_target_costs_what_its_start_took(world: World) -> None:
    await serve(world, "1")
    await serve(world, "2")
    await world.settle(hours=1)
    seen = await preview(world.cluster, KEY, PREVIOUS)
    assert not seen.warm
    assert "pods have to start" in seen.expected


@pytest.mark.parametrize("request_", [PREVIOUS, Rollback(version="1"), Rollback(to="cancer-r1")])
async def test_what_was_said_is_what_happens(world: World, request_: Rollback) -> None:
    await serve(world, "1")
    await serve(world, "2")
    seen = await preview(world.cluster, KEY, request_)
    world.edit(rollback=request_.wire())
    await world.settle(hours=0.05)
    assert world.serving == seen.target.name


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (PREVIOUS, "names previous, and no such revision has served"),
        (Rollback(version="7"), "names version 7, and no such revision has served"),
        (Rollback(to="cancer-r1"), "serves cancer-r1 already"),
    ],
)
async def test_there_may_be_nowhere_to_go(world: World, request_: Rollback, why: str) -> None:
    await serve(world, "1")
    with pytest.raises(Failure, match=why):
        await preview(world.cluster, KEY, request_)


async def test_nothing_served_is_nothing_to_take_back(world: World) -> None:
    with pytest.raises(Failure):
        await preview(world.cluster, KEY, PREVIOUS)


async def roll_back(world: World, request: Rollback) -> command.Done:
    """The command, while the operator works."""

    async def operate() -> None:
        while True:
            await world.step()
            await asyncio.sleep(0)

    operator = asyncio.create_task(operate())
    try:
        return await command.roll_back(world.cluster, KEY, request, await preview(world.cluster, KEY, request), 60.0)
    finally:
        operator.cancel()


async def test_a_rollback_is_seen_to_its_end(world: World) -> None:
    await serve(world, "1")
    await serve(world, "2")
    done = await roll_back(world, PREVIOUS)
    assert world.serving == "cancer-r1"
    assert 0.0 <= done.moved <= done.settled
    assert world.status["rollback"]["reason"] == "slow"


async def test_a_second_rollback_replaces_what_the_first_one_named(world: World) -> None:
    for number in ("1", "2", "3"):
        await serve(world, number)
    await roll_back(world, Rollback(version="2"))
    assert world.serving == "cancer-r2"
    await roll_back(world, Rollback(to="cancer-r1", reason="older still"))
    assert world.serving == "cancer-r1"


async def test_an_operator_that_is_gone_is_noticed(world: World) -> None:
    await serve(world, "1")
    await serve(world, "2")
    seen = await preview(world.cluster, KEY, PREVIOUS)
    with pytest.raises(Failure, match="does not follow cancer-r1"):
        await command.roll_back(world.cluster, KEY, PREVIOUS, seen, 0.05)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--to", "previous", "--version", "1"], "name one target"),
        (["--version", "one"], "version"),
        (["--to", "Not A Name"], "to"),
    ],
)
def test_nonsense_is_refused_before_anything_is_read(arguments: list[str], why: str) -> None:
    result = CliRunner().invoke(command.command, ["cancer", "-n", "demo", *arguments])
    assert result.exit_code == 2
    assert why in result.output


def test_audit_entries_are_found_among_other_lines() -> None:
    entry = {"logger": "slipway.audit", "action": "RolledBack", "release": "cancer", "namespace": "demo"}
    log = "\n".join(["not json", json.dumps({"logger": "slipway.worker"}), json.dumps(entry), "[1, 2]"])
    assert list(kubectl.entries_in(log)) == [entry]


def test_only_this_releases_decisions_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = {"namespace": "demo", "release": "cancer", "action": "RolledBack", "level": "info", "at": "now"}
    others = [{**mine, "release": "other"}, {**mine, "action": "Promoted"}, {**mine, "namespace": "elsewhere"}]
    monkeypatch.setattr(command, "audit_entries", lambda *_, **__: [*others, mine])
    shown = command.decisions(KEY, "slipway-system", command.Done(0.1, 0.2))
    assert shown == [{"namespace": "demo", "release": "cancer", "action": "RolledBack", "at": "now"}]


async def test_the_same_rollback_works_again_after_another_promotion(world: World) -> None:
    await serve(world, "1")
    await serve(world, "2")
    await roll_back(world, PREVIOUS)
    world.edit(rollback=None)
    await serve(world, "3")
    assert world.serving == "cancer-r3"
    await roll_back(world, PREVIOUS)
    assert world.serving == "cancer-r1"
