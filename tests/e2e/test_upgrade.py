"""An upgrade from the oldest version, with its own images and CRDs: releases in every phase stay as they are."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import gateway, stack
from tests.e2e.cluster import Object
from tests.e2e.conftest import Stage
from tests.e2e.models import ROOT
from tests.e2e.operator_pod import Operator
from tests.e2e.releases import RELEASE, Release, server

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.long, pytest.mark.timeout(3000)]

OLDEST = "f5d27c51e55a89408873fc5f4bebea9633f01310"
"""The commit of version 0.1.0."""
LONG = {"watch": "2h", "keepWarm": "2h", "progressDeadline": "2h"}
KEPT = ("Deployment", "Service", "HTTPRoute", "PodDisruptionBudget")
NOWHERE = {"nodeSelector": {"slipway.dev/e2e": "there-is-no-such-node"}}


def install(checkout: Path) -> None:
    """The operator, its images and its CRDs as `checkout` has them."""
    clean = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    for command in (["make", "images"], ["scripts/install", "--values", str(stack.VALUES)]):
        done = subprocess.run(
            command, cwd=checkout, env=clean, capture_output=True, text=True, timeout=1500, check=False
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]


@pytest.fixture(scope="module")
def oldest(tmp_path_factory: pytest.TempPathFactory, operator: Operator) -> Iterator[None]:
    """The oldest operator runs. Whatever happens, today's runs afterwards."""
    place = tmp_path_factory.mktemp("oldest") / "checkout"
    subprocess.run(["git", "-C", str(ROOT), "worktree", "add", "--detach", str(place), OLDEST], check=True)
    try:
        install(place)
        operator.until_ready()
        yield
    finally:
        install(ROOT)
        operator.until_ready()
        subprocess.run(["git", "-C", str(ROOT), "worktree", "remove", "--force", str(place)], check=True)


def watching(release: Release, versions: Mapping[str, str]) -> None:
    release.stage(versions["modest"])
    release.apply(rollout=LONG)
    release.until_phase(versions["modest"], "Watching")


def fetching(release: Release, versions: Mapping[str, str]) -> None:
    release.stage(versions["modest"])
    release.apply(rollout=LONG, server={**server(), "podTemplate": NOWHERE})
    release.until_phase(versions["modest"], "Fetching")


def gating(release: Release, versions: Mapping[str, str]) -> None:
    release.stage(versions["modest"])
    release.apply(rollout=LONG, gates={"smoke": {"p95": "2s", "requests": 3000, "rate": 1, "timeout": "90m"}})
    release.until_phase(versions["modest"], "Gating")


def live(release: Release, versions: Mapping[str, str]) -> None:
    release.stage(versions["modest"])
    release.apply()
    release.until_promoted(versions["modest"])


def held(release: Release, versions: Mapping[str, str]) -> None:
    live(release, versions)
    release.release(versions["good"])
    release.patch('{"spec": {"rollback": {"to": "previous", "reason": "to be sure"}}}')
    release.until_condition("Held", "True")
    release.until_phase(versions["modest"], "Live")


def canary(release: Release, versions: Mapping[str, str]) -> None:
    steps = [{"weight": 10, "minRequests": 100_000, "timeout": "2h"}]
    release.stage(versions["modest"])
    release.apply(traffic=gateway.traffic("upgrade.example"), rollout={**LONG, "watch": "2s", "steps": steps})
    release.until_promoted(versions["modest"])
    release.stage(versions["good"])
    release.until_phase(versions["good"], "Canary")


STORIES: dict[str, Callable[[Release, Mapping[str, str]], None]] = {
    each.__name__: each for each in (watching, fetching, gating, live, held, canary)
}


def standing(release: Release) -> Object:
    """What an upgrade may not change: pods, what was rendered, phases, verdicts and holds."""
    found = {
        f"{kind} {each['metadata']['name']}": each["spec"]
        for kind in KEPT
        for each in release.cluster.list(kind, release.namespace, {RELEASE: release.name})
    }
    pods = {uid: restarts(pod) for uid, pod in release.pods().items()}
    status = release.status()
    revisions = {
        each["metadata"]["name"]: [
            each["status"]["phase"],
            *(f"{gate['name']} {gate['verdict']}" for gate in each["status"].get("gates", [])),
        ]
        for each in release.revisions()
    }
    facts = {key: status.get(key) for key in ("phase", "live", "previous", "rejected")}
    return {"objects": found, "pods": pods, "revisions": revisions, "release": facts, "hold": bool(status.get("hold"))}


def restarts(pod: Object) -> int:
    containers: list[dict[str, Any]] = pod["status"].get("containerStatuses", [])
    return sum(each["restartCount"] for each in containers)


@pytest.mark.usefixtures("oldest")
def test_an_upgrade_leaves_every_release_as_it_is(
    stage: Stage, versions: Mapping[str, str], operator: Operator
) -> None:
    releases = {name: stage(name) for name in STORIES}
    for name, release in releases.items():
        STORIES[name](release, versions)
    before = {name: standing(release) for name, release in releases.items()}
    install(ROOT)
    operator.until_ready()
    # Today's operator works, and has long looked at the others, once it has released another version.
    after_upgrade = stage("afterwards")
    live(after_upgrade, versions)
    assert {name: standing(release) for name, release in releases.items()} == before
    next_one = releases["live"].release(versions["good"])
    assert next_one["status"]["phase"] == "Live"
    assert set(before["live"]["pods"]) <= set(releases["live"].pods()), "the way back is what it was"
