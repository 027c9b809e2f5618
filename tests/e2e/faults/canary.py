"""The story of a canary: two steps and a promotion, then a canary that a rollback cuts short. All under load."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tests.e2e import gateway
from tests.e2e.faults.story import (
    QUICK_ROLLOUT,
    RATE,
    STEP_SECONDS,
    Outcome,
    announced,
    first_release,
    outcome,
    roll_back,
)
from tests.e2e.load import steady_load
from tests.e2e.models import AGAIN, example
from tests.e2e.recorder import ROUTED, recording
from tests.e2e.releases import Release
from tests.e2e.waiting import until

STEPS = [
    {"weight": 10, "minRequests": 10, "timeout": "10m"},
    {"weight": 50, "minRequests": 30, "timeout": "10m", "pause": True},
]
"""The pause is where the story goes on, so that no lane is further than another."""


def canary(release: Release, versions: Mapping[str, str], image: str) -> Outcome:
    """Production behind a gateway moves step by step, and back with a candidate in flight."""
    first, second, third = versions["modest"], versions["good"], versions[AGAIN]
    host = f"{release.namespace}.example"
    with recording(release.cluster, release.namespace, release.name, ROUTED) as made:
        rollout = {**QUICK_ROLLOUT, "steps": STEPS}
        first_release(release, first, traffic=gateway.traffic(host), rollout=rollout)
        with steady_load(release.cluster, (release.namespace, host), image, example(), RATE) as load:
            release.stage(second)
            release.patch(json.dumps({"spec": {"resume": f"{_paused(release, second)}/{len(STEPS)}"}}))
            announced(release, second)
            release.stage(third)
            _paused(release, third)
            changed = roll_back(release, first, staged=first)
    return outcome(release, made, load, changed)


def _paused(release: Release, version: str) -> str:
    """The revision of `version`, once its canary waits for a person."""

    def look() -> str | None:
        found = release.newest(version)
        name = str(found["metadata"]["name"]) if found else None
        return name if f"paused until spec.resume is {name}/" in release.status().get("message", "") else None

    return until(f"the canary of version {version} pauses", look, STEP_SECONDS, release.seen)
