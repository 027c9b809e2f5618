"""An upgrade of the operator leaves what runs alone.

The objects are those that an older version left in the API server, a release in each phase. `record` wrote them down,
and what that version did with them afterwards: this one does the same, and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from slipway.metrics.source import Counters
from tests.unit.release.fakes import failing
from tests.unit.release.world import MODEL, World
from tests.unit.upgrade.record import outcome

STORIES = {
    f"{path.parent.name}-{path.stem}": json.loads(path.read_text())
    for path in sorted(Path(__file__).parent.glob("from-*/*.json"))
}


def upgraded(before: dict[str, Any]) -> World:
    """The objects of `before`, under today's operator."""
    world = World()
    world.cluster.objects = {
        (obj["kind"], obj["metadata"]["namespace"], obj["metadata"]["name"]): obj for obj in before["objects"]
    }
    world.cluster._versions = iter(range(1_000_000, 2_000_000))  # type: ignore[assignment]
    world.cluster.writes.clear()
    world.now = datetime.fromisoformat(before["now"])
    world.registry.models[MODEL] = dict(before["aliases"])
    world.counters.answered = {pod: Counters(*counts[:4]) for pod, counts in before["counters"].items()}
    world.callers.rate = before["rate"]
    if before["fails"]:
        world.cluster.verdict = failing
    world.restart()
    return world


@pytest.mark.parametrize("story", STORIES)
async def test_an_upgraded_operator_does_what_the_older_one_would_have_done(story: str) -> None:
    recorded = STORIES[story]
    there = set(templates(recorded["before"]["objects"]))
    world = upgraded(recorded["before"])
    await world.settle(hours=1)
    assert compared(outcome(world, 0), there) == compared(recorded["after"], there)


@pytest.mark.parametrize("story", STORIES)
async def test_an_upgrade_changes_no_pod_template_whatever_the_older_one_rendered(story: str) -> None:
    recorded = deepcopy(STORIES[story]["before"])
    for obj in recorded["objects"]:
        if obj["kind"] == "Deployment":
            obj["spec"]["template"]["spec"]["containers"][0]["args"] = ["as", "it", "was", "rendered", "then"]
    there = templates(recorded["objects"])
    world = upgraded(recorded)
    await world.settle(hours=1)
    now = templates(world.cluster.objects.values())
    assert {name: now[name] for name in there if name in now} == {name: there[name] for name in there if name in now}


def templates(objects: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Deployment → its pod template."""
    return {obj["metadata"]["name"]: obj["spec"]["template"] for obj in objects if obj["kind"] == "Deployment"}


def compared(after: dict[str, Any], there: set[str]) -> dict[str, Any]:
    """Without what each version does as it likes: the sentence of a hold, how a Deployment is scaled, new pods.

    `there` are the Deployments that the older version made: their pod templates count.
    """
    specs = {
        name: spec
        if not name.startswith("Deployment/") or name.removeprefix("Deployment/") in there
        else {**spec, "template": None}
        for name, spec in after["specs"].items()
    }
    hold = after["release"]["hold"]
    writes = [["scale" if kind == "Deployment" else verb, kind, name] for verb, kind, name in after["writes"]]
    return {
        **after,
        "specs": specs,
        "writes": writes,
        "release": {**after["release"], "hold": hold and {**hold, "message": ""}},
    }


@pytest.mark.parametrize("phase", ["rejected", "rolled-back", "held", "retired"])
def test_a_release_at_rest_is_recorded_as_one_in_which_nothing_is_written(phase: str) -> None:
    """The test above would pass if nothing had been recorded."""
    recorded = STORIES[f"from-0.1.0-{phase}"]
    assert recorded["after"]["writes"] == []
    assert len(recorded["after"]["revisions"]) == 2
    assert {"Deployment/cancer-r1", "Service/cancer"} <= set(recorded["after"]["specs"])
