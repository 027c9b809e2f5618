"""One revision per way in which a gate can end it: rejected, or left without a decision, with the reason in words."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from slipway.cli.registry import reachable
from tests.e2e.attempts import ENDED, attempt, evidence
from tests.e2e.cluster import Cluster, Object
from tests.e2e.conftest import Stage
from tests.e2e.gate_ways import CONFIG_MAPS, IN_PODS, SERVER_IMAGE, WITHOUT_PODS, Way
from tests.e2e.models import ROOT, Models
from tests.e2e.releases import Release

pytestmark = [pytest.mark.e2e, pytest.mark.lengthy, pytest.mark.timeout(900)]

SIDE_BY_SIDE = 2
"""Attempts that are under way at a time: while one waits for its pod, another is judged."""


@pytest.fixture(scope="module")
def kinds(models: Models, versions: Mapping[str, str]) -> Mapping[str, str]:
    """Kind to version, with those that no server may serve."""
    with reachable(models.url) as url:
        command = [sys.executable, "-W", "ignore", "-m", "tests.e2e.unservable_models", models.name, url]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return {**versions, **json.loads(done.stdout.splitlines()[-1])}


@pytest.fixture(scope="module", autouse=True)
def config_maps(cluster: Cluster, namespace: str) -> None:
    """What some of the gates are given to read."""
    for name, data in CONFIG_MAPS.items():
        metadata = {"name": name, "namespace": namespace}
        cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})


@pytest.fixture(scope="module")
def release(stage: Stage, kinds: Mapping[str, str]) -> Iterator[Release]:
    """A release whose production is modest."""
    made = stage("gated")
    attempt(made, kinds["modest"], {}, "Live")
    yield made
    assert made.answers() == kinds["modest"], "nothing of all this came near production"


Attempts = Mapping[str, tuple[Release, Future[Object]]]


@pytest.fixture(scope="module")
def attempts(stage: Stage, kinds: Mapping[str, str], server_image: str) -> Iterator[Attempts]:
    """Every way that needs pods, each with a release of its own that has no production, a few at a time."""
    releases = {name: stage(f"way-{number}", "ways-staging", "ways-production") for number, name in enumerate(IN_PODS)}
    with ThreadPoolExecutor(SIDE_BY_SIDE) as lanes:
        yield {
            name: (releases[name], lanes.submit(_ended, releases[name], way, kinds[way.kind], server_image))
            for name, way in IN_PODS.items()
        }


def _ended(release: Release, way: Way, version: str, server_image: str) -> Object:
    gates = json.loads(json.dumps(way.gates).replace(SERVER_IMAGE, server_image))
    ended = attempt(release, version, gates, *ENDED)
    release.cluster.delete("ModelRelease", release.namespace, release.name)
    return ended


@pytest.mark.parametrize("way", WITHOUT_PODS.values(), ids=WITHOUT_PODS.keys())
def test_before_any_pod_starts(way: Way, release: Release, kinds: Mapping[str, str]) -> None:
    ended = attempt(release, kinds[way.kind], way.gates, *ENDED)

    judged(ended, way)
    assert release.pods(ended["metadata"]["name"]) == {}
    assert "fetched" not in ended["status"]


@pytest.mark.parametrize("name", IN_PODS)
def test_beside_the_candidate(name: str, attempts: Attempts) -> None:
    release, ended = attempts[name]

    judged(ended.result(timeout=240), IN_PODS[name])
    assert release.selected() is None, "there never was a production"


def judged(ended: Object, way: Way) -> None:
    """The revision and the evidence say how it ended, on what, and after how many runs."""
    status, found = ended["status"], evidence(ended, way.gate)
    assert found["verdict"] == way.verdict, found["message"]
    assert way.words in found["message"]
    assert way.words in status["message"]
    assert (status["phase"], status["reason"]) == (
        "Inconclusive" if way.verdict == "Inconclusive" else "Rejected",
        f"Gate{way.verdict}",
    )
    assert found["attempts"] in ({way.attempts} if way.verdict == "Error" else {way.attempts, way.attempts + 1}), (
        "only a run that decides nothing is repeated: here a load generator that other tests kept from its rate"
    )
    assert found["startedAt"]
    assert found["measuredOn"]["candidate"].startswith(ended["metadata"]["name"])
