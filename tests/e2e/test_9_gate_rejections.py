"""Every way in which a gate keeps a candidate from production: one revision each, ended with the reason in words."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from slipway.cli.registry import reachable
from tests.e2e.attempts import ENDED, ONE_RETRY, SMOKE, attempt, evidence
from tests.e2e.cluster import Cluster, Object
from tests.e2e.conftest import Stage
from tests.e2e.models import ROOT, Models, example
from tests.e2e.narrow_model import REQUIREMENT
from tests.e2e.releases import Release

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

NARROW = "narrow"


@pytest.fixture(scope="module")
def kinds(models: Models, versions: Mapping[str, str]) -> Mapping[str, str]:
    """Kind to version, with the one that today's callers cannot use."""
    with reachable(models.url) as url:
        command = [sys.executable, "-m", "tests.e2e.narrow_model", models.name, url]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return {**versions, NARROW: done.stdout.split()[-1]}


@pytest.fixture(scope="module")
def release(stage: Stage, kinds: Mapping[str, str], cluster: Cluster, namespace: str) -> Iterator[Release]:
    """A release whose production is modest, with what some of the gates are given to read."""
    for name, data in (("malformed", {"governance.tags.yaml": "tags: {owner"}), ("requests", REQUESTS)):
        metadata = {"name": name, "namespace": namespace}
        cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
    made = stage("gated")
    attempt(made, kinds["modest"], {}, "Live")
    yield made
    assert made.answers() == kinds["modest"], "nothing of all this came near production"


def lines() -> Iterator[str]:
    """Twenty requests, one of which lacks all columns but one."""
    whole = example()
    split = whole["dataframe_split"]
    cut = {"columns": split["columns"][:1], "data": [split["data"][0][:1]]}
    yield from [json.dumps(whole)] * 19
    yield json.dumps({"dataframe_split": cut})


REQUESTS = {"requests.jsonl": "\n".join(lines())}
ONE_IN_TWENTY_BAD = {"configMap": "requests"}


@dataclass(frozen=True)
class Way:
    """One way to fail: which candidate, which gates, and how its attempt ends."""

    kind: str
    gates: Object
    gate: str
    verdict: str
    words: str
    """Part of the sentence, of the gate as well as of the revision."""
    attempts: int = 1


def governed(policy: str) -> Object:
    """Gates with governance by ConfigMap `policy`."""
    return {"governance": {"policy": policy, "onError": ONE_RETRY}}


def metric(name: str = "auc", **fields: Any) -> Object:
    """Gates with one metric."""
    return {"metrics": [{"name": name, "direction": "HigherIsBetter", "onError": {"retries": 0}, **fields}]}


def rescored(**dataset: Any) -> Object:
    """Gates with one metric measured on a dataset."""
    return metric(source="Rescore", dataset={"label": "target", **dataset})


def loaded(**fields: Any) -> Object:
    """Gates with another smoke load."""
    return {"smoke": {**SMOKE, **fields}}


WITHOUT_PODS = {
    "a required tag is missing": Way("untagged", governed("governance-tags"), "governance", "Fail", "tag owner"),
    "there is no policy": Way("good", governed("nowhere"), "governance", "Error", "ConfigMap nowhere: ", 2),
    "the policy is malformed": Way("good", governed("malformed"), "governance", "Error", "not valid YAML", 2),
    "callers would break": Way(NARROW, {"contract": {}}, "contract", "Fail", "is gone"),
    "its requirements are not met": Way(
        NARROW, {"contract": {"allowBreaking": True}}, "contract", "Fail", f"{REQUIREMENT} is needed and the server"
    ),
    "its flavour may not serve": Way(
        "good", {"contract": {"allowedFlavors": ["onnx"]}}, "contract", "Fail", "flavour sklearn may not serve"
    ),
    "a floor is not met": Way("good", metric(minimum=0.9999), "metrics/auc", "Fail", "must be at least 0.9999"),
    "it is worse than production": Way("worse", metric(), "metrics/auc", "Fail", "production has"),
    "a metric was never logged": Way("good", metric("lift"), "metrics/lift", "Inconclusive", "no logged metric lift"),
}

IN_PODS = {
    "it is too slow": Way(
        "slow", loaded(p95="100ms", rate=20, maxErrorRatio=1), "smoke", "Fail", "requests took longer than 100ms"
    ),
    "answers are wrong": Way("good", loaded(requestsFrom=ONE_IN_TWENTY_BAD), "smoke", "Fail", "no right answer"),
    "the budget is not shown": Way(
        "good",
        loaded(requests=60, maxErrorRatio=0.5, requestsFrom=ONE_IN_TWENTY_BAD),
        "smoke",
        "Inconclusive",
        "on both sides of 5 %: send more requests",
    ),
    "the rows lack their label": Way(
        "good", rescored(label="diagnosis"), "metrics/auc", "Error", "the dataset has no column diagnosis"
    ),
    "its image is nowhere": Way(
        "good",
        {"custom": [{"name": "fair", "onError": {"retries": 0}, "job": {"image": "localhost:1/fair:1"}}]},
        "custom/fair",
        "Error",
        "its image cannot be pulled",
    ),
    "there are no rows": Way(NARROW, rescored(), "metrics/auc", "Error", "the candidate has no artifact holdout"),
}


@pytest.mark.parametrize("way", WITHOUT_PODS.values(), ids=WITHOUT_PODS.keys())
def test_before_any_pod_starts(way: Way, release: Release, kinds: Mapping[str, str]) -> None:
    ended = attempt(release, kinds[way.kind], way.gates, *ENDED)

    judged(ended, way)
    assert release.pods(ended["metadata"]["name"]) == {}
    assert "fetched" not in ended["status"]


@pytest.mark.parametrize("way", IN_PODS.values(), ids=IN_PODS.keys())
def test_beside_the_candidate(way: Way, release: Release, kinds: Mapping[str, str]) -> None:
    judged(attempt(release, kinds[way.kind], way.gates, *ENDED), way)


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
    assert found["attempts"] == way.attempts
    assert found["startedAt"]
    assert found["measuredOn"]["candidate"].startswith(ended["metadata"]["name"])


def test_a_verdict_that_is_too_long(release: Release, kinds: Mapping[str, str], server_image: str) -> None:
    """The kubelet keeps the last 4096 bytes of what the container wrote."""
    job = {"image": server_image, "command": ["python", "-c", "open('/dev/termination-log', 'w').write('x' * 5000)"]}
    custom = {"name": "talkative", "onError": {"retries": 0}, "job": job}
    way = Way("good", {"custom": [custom]}, "custom/talkative", "Error", "longer than 4096 bytes")
    judged(attempt(release, kinds[way.kind], way.gates, *ENDED), way)
