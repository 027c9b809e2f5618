"""What goes wrong around a gate while it is at work: its policy changes, its pod is starved, production changes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

import pytest

from tests.e2e.attempts import ENDED, PATIENCE_SECONDS, SMOKE, attempt, evidence, since, start
from tests.e2e.cluster import Cluster, Object
from tests.e2e.conftest import POLICY, Stage
from tests.e2e.gate_ways import NO_RETRY, said, writes
from tests.e2e.kubectl import kubectl
from tests.e2e.models import AGAIN
from tests.e2e.releases import GATE, REVISION, Release, server
from tests.e2e.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.story, pytest.mark.timeout(900)]

GOVERNED: Object = {"governance": {"policy": "governance-tags", "onError": NO_RETRY}}
STRICTER = "apiVersion: slipway.dev/v1alpha1\nkind: GovernancePolicy\ntags: [{name: nobody.has.this, required: true}]\n"
COMPARED_SECONDS = 15


@pytest.fixture(scope="module")
def release(stage: Stage) -> Release:
    """A release without production yet."""
    return stage("shaken")


def test_a_revision_keeps_the_policy_that_it_was_judged_by(
    release: Release, versions: Mapping[str, str], cluster: Cluster
) -> None:
    before = start(release, versions["modest"], {**GOVERNED, "approval": {"required": True}})
    waiting = until("it waits for consent", lambda: _waiting(release, before), PATIENCE_SECONDS, release.seen)
    policy = {"data": {"governance.tags.yaml": STRICTER}}
    cluster.patch("ConfigMap", release.namespace, "governance-tags", policy)

    release.patch(f'{{"spec": {{"gates": {{"approval": {{"approved": "{waiting["status"]["digest"]}"}}}}}}}}')

    promoted = until("it is live", lambda: since(release, before, "Live"), PATIENCE_SECONDS, release.seen)
    judged_by = hashlib.sha256(POLICY.read_bytes()).hexdigest()
    assert evidence(promoted, "governance")["measuredOn"]["policy"] == f"sha256:{judged_by}"
    rejected = attempt(release, versions["good"], GOVERNED, *ENDED)
    assert "tag nobody.has.this is missing" in rejected["status"]["message"], "the next one finds the new policy"


def _waiting(release: Release, before: int) -> Object | None:
    asked = "spec.gates.approval.approved" in str(release.status().get("message"))
    return since(release, before, "Gating") if asked else None


@pytest.fixture
def starved(namespace: str) -> Iterator[None]:
    """Containers that say nothing of CPU get a tenth of one: here these are the gates' alone."""
    limits = [{"type": "Container", "default": {"cpu": "100m"}, "defaultRequest": {"cpu": "20m"}}]
    meta = {"name": "starved", "namespace": namespace}
    kubectl(
        "apply",
        "-f",
        "-",
        manifest={"apiVersion": "v1", "kind": "LimitRange", "metadata": meta, "spec": {"limits": limits}},
    )
    yield
    kubectl("-n", namespace, "delete", "limitrange", "starved")


@pytest.mark.usefixtures("starved")
def test_a_starved_load_generator_blames_itself_and_not_the_model(
    release: Release, versions: Mapping[str, str]
) -> None:
    smoke = {**SMOKE, "p95": "100ms", "requests": 1000, "rate": 2000, "warmUp": 5, "onError": NO_RETRY}
    pods = server()
    pods["resources"]["limits"] = {"cpu": "2", "memory": "1Gi"}

    rejected = attempt(release, versions["good"], {"smoke": smoke}, "Rejected", server=pods)

    load = evidence(rejected, "smoke")
    assert load["verdict"] == "Error", load["message"]
    assert "the load generator fell behind its schedule" in load["message"]
    assert (rejected["status"]["reason"], release.answers()) == ("GateError", versions["modest"])


def test_a_comparison_is_made_again_when_production_changes_meanwhile(
    release: Release, versions: Mapping[str, str], cluster: Cluster, server_image: str
) -> None:
    """Production loses its only pod, and Slipway takes it back to the version before."""
    first = release.selected()
    attempt(release, versions["good"], {}, "Live")
    second = release.selected()
    verdict = writes(said(verdict="Pass", message="compared", n=1))
    slowly = [*verdict[:2], f"import time; time.sleep({COMPARED_SECONDS}); {verdict[2]}"]
    custom = {"name": "compare", "job": {"image": server_image, "command": slowly}}
    before = start(release, versions[AGAIN], {"custom": [custom]})
    until("it is being compared", lambda: _comparing(release, before), PATIENCE_SECONDS, release.seen)

    for pod in release.pods(second).values():
        cluster.delete("Pod", release.namespace, pod["metadata"]["name"], grace=0)

    compared = until("it was compared", lambda: _compared(release, before), PATIENCE_SECONDS, release.seen)
    assert release.selected() == first
    result = evidence(compared, "custom/compare")
    assert result["measuredOn"]["production"].startswith(f"{first} ")
    assert result["measuredOn"]["job"].endswith("-2"), "what was compared with the other production is not read"


def _comparing(release: Release, before: int) -> bool:
    found = since(release, before, "Gating")
    labels = {REVISION: found["metadata"]["name"], GATE: "custom-compare"} if found else {}
    pods = release.cluster.list("Pod", release.namespace, labels) if labels else []
    return any(pod["status"]["phase"] == "Running" for pod in pods)


def _compared(release: Release, before: int) -> Object | None:
    found = since(release, before, "Gating", "Promoting", "Watching", "Live")
    names = [result["name"] for result in found["status"].get("gates", [])] if found else []
    return found if "custom/compare" in names else None
