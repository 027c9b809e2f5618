"""Writes down releases of one version of Slipway in every phase, and what that version did with them afterwards.

Run it in a checkout of the version that upgrades start from: `python -m tests.unit.upgrade.record DIRECTORY`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import astuple
from functools import partial
from pathlib import Path
from typing import Any

from tests.unit.release.canaries import behind_a_gateway, start
from tests.unit.release.fakes import failing
from tests.unit.release.world import MODEL, NAME, NAMESPACE, World

Story = Callable[[], Awaitable[World]]

EVERYTHING = {
    "server": {
        "replicas": 3,
        "minReadySeconds": 1,
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "1Gi"}},
        "podTemplate": {
            "labels": {"team": "ml"},
            "annotations": {"note": "kept"},
            "nodeSelector": {"pool": "serving"},
            "env": [{"name": "A", "value": "b"}],
        },
    },
    "gates": {
        "smoke": {"p95": "150ms", "requests": 300, "rate": 50},
        "metrics": [{"name": "auc", "minimum": 0.9, "maxRegression": 0.01}],
        "governance": {"policy": "governance-tags"},
    },
    "rollout": {"watch": "30s", "keepWarm": "10m", "progressDeadline": "5m", "afterRollback": "Continue"},
    "slo": {"latency": {"p95": "150ms"}, "errors": {"ratio": 0.02}},
}


async def first(phase: str) -> World:
    """The first version on its way."""
    world = World()
    world.alias("1")
    await world.until(phase)
    return world


async def second(phase: str, **spec: Any) -> World:
    """A second version on its way while the first serves."""
    world = World()
    if spec:
        world.edit(**spec)
    world.alias("1")
    await world.until("Live")
    await world.settle(hours=0.01)
    world.alias("2")
    await reach(world, 2, phase)
    return world


async def reach(world: World, number: int, phase: str) -> None:
    """Until revision `number` is in `phase`."""
    for _ in range(400):
        key = ("ModelRevision", NAMESPACE, f"{NAME}-r{number}")
        if world.cluster.objects.get(key, {}).get("status", {}).get("phase") == phase:
            return
        world.now = world.later(max(await world.step() or 0.0, 0.01))
    raise AssertionError(f"never {phase}: {world.status['message']}")


async def canary() -> World:
    """The first step of a canary."""
    world = await behind_a_gateway()
    await start(world)
    return world


async def rejected() -> World:
    """A second version that failed its smoke gate."""
    world = await second("Staging")
    world.cluster.verdict = failing
    await world.settle(hours=0.05)
    return world


async def rolled_back() -> World:
    """A second version that was taken back by itself, and the hold that follows."""
    world = await second("Watching")
    await world.passes(8, seconds=0.5)
    world.counters.serve(f"{NAME}-r2", 400, errors=200)
    await reach(world, 2, "RolledBack")
    await world.settle(hours=0.01)
    return world


async def held() -> World:
    """Production held by spec.rollback."""
    world = await second("Live")
    world.edit(rollback={"to": "previous", "reason": "to be sure"})
    await world.settle(hours=0.01)
    return world


async def retired() -> World:
    """A second version that serves, and a first one that was scaled to zero."""
    world = await second("Live")
    await world.settle(hours=2)
    return world


PHASES = ("Pending", "Fetching", "Staging", "Gating", "Promoting", "Watching", "Live")
STORIES: dict[str, Story] = {
    **{f"first-{phase.lower()}": partial(first, phase) for phase in PHASES},
    **{f"second-{phase.lower()}": partial(second, phase) for phase in PHASES},
    **{f"everything-{phase.lower()}": partial(second, phase, **EVERYTHING) for phase in ("Gating", "Watching", "Live")},
    "canary": canary,
    "rejected": rejected,
    "rolled-back": rolled_back,
    "held": held,
    "retired": retired,
}


def snapshot(world: World) -> dict[str, Any]:
    """Everything that outlives the operator."""
    return {
        "now": world.now.isoformat(),
        "aliases": world.registry.models[MODEL],
        "counters": {pod: list(astuple(read)) for pod, read in sorted(world.counters.answered.items())},
        "rate": world.callers.rate,
        "fails": world.cluster.verdict is failing,
        "objects": [obj for _, obj in sorted(world.cluster.objects.items())],
    }


def outcome(world: World, before: int) -> dict[str, Any]:
    """What was written, but for statuses; and how everything stands in the end."""
    objects = world.cluster.objects
    kinds = ("Deployment", "Service", "HTTPRoute", "PodDisruptionBudget")
    revisions = {n: o["status"] for (k, _, n), o in sorted(objects.items()) if k == "ModelRevision"}
    return {
        "writes": [list(w) for w in world.cluster.writes[before:] if w[0] != "status"],
        "specs": {f"{k}/{n}": o["spec"] for (k, _, n), o in sorted(objects.items()) if k in kinds},
        "revisions": {
            name: [status["phase"], *(f"{gate['name']}={gate['verdict']}" for gate in status.get("gates", []))]
            for name, status in revisions.items()
        },
        "release": {key: world.status.get(key) for key in ("phase", "live", "previous", "rejected", "hold")},
        "aliases": world.registry.models[MODEL],
    }


async def played(story: Story) -> dict[str, Any]:
    """A release, and what became of it under the same version."""
    world = await story()
    found: dict[str, Any] = json.loads(json.dumps(snapshot(world)))  # before the world goes on
    before = len(world.cluster.writes)
    world.restart()
    await world.settle(hours=1)
    return {"before": found, "after": outcome(world, before)}


def record(directory: Path) -> None:
    """One file a story."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, story in STORIES.items():
        text = json.dumps(asyncio.run(played(story)), sort_keys=True, separators=(",", ":"))
        (directory / f"{name}.json").write_text(text + "\n")


if __name__ == "__main__":
    record(Path(sys.argv[1]))
