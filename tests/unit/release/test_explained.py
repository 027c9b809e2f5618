"""`slipway explain`: every step of the plan, with what it says about a release now."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from rich.console import Console

from slipway.cli.release.explain import table
from slipway.plan.planner import STEPS
from slipway.process.explain import Explain
from tests.unit.release.world import NAME, NAMESPACE, World

PHASES = ("pending", "fetching", "staging", "gating", "canary", "promoting")


async def explained(world: World, name: str = NAME) -> tuple[int, Any]:
    """The operator's answer over HTTP."""
    app = web.Application()
    Explain(world.context).add_to(app)
    async with TestClient(TestServer(app)) as client:
        answer = await client.get(f"/explain/{NAMESPACE}/{name}")
        text = await answer.text()
    return answer.status, json.loads(text) if answer.status == 200 else text


def word(words: list[dict[str, Any]], step: str) -> dict[str, Any]:
    return next(each for each in words if each["step"] == step)


async def test_every_step_is_there_in_the_plans_order_and_one_decides() -> None:
    world = World()
    world.alias("1")
    await world.until("Gating")
    status, words = await explained(world)
    assert status == 200
    assert [each["step"] for each in words] == [step.name for step in STEPS]
    assert [each["step"] for each in words if each["decides"]] == ["gating"]
    assert word(words, "requested")["says"] == ""


async def test_asking_changes_nothing() -> None:
    world = World()
    world.alias("1")
    await world.until("Gating")
    before = len(world.cluster.writes)
    await explained(world)
    assert len(world.cluster.writes) == before


async def test_a_stall_says_why_and_what_it_stops() -> None:
    world = World()
    world.edit(model={"name": "cancer_classifier", "candidate": {"alias": "staging"}, "registry": "nowhere"})
    world.alias("1")
    await world.step()
    _, words = await explained(world)
    assert word(words, "unusable")["says"].startswith("stalled, UnknownRegistry: spec.model.registry is nowhere")
    assert [each["step"] for each in words if each["stopped"]] == ["wanted", "outdated", *PHASES, "intake"]


async def test_a_release_that_is_not_there_is_a_404() -> None:
    status, text = await explained(World(), "nobody")
    assert status == 404
    assert "no ModelRelease nobody" in text


@pytest.mark.parametrize(
    ("changes", "shown"),
    [({"says": "Started: version 2 starts"}, "Started"), ({}, "what it is for"), ({"stopped": True}, "by the stall")],
)
def test_the_terminal_shows_what_a_step_says_or_what_it_is_for(changes: dict[str, Any], shown: str) -> None:
    plain = {"step": "intake", "what": "what it is for", "says": "", "decides": False, "stopped": False}
    console = Console(width=120)
    with console.capture() as captured:
        console.print(table([{**plain, **changes}]))
    assert shown in captured.get()
