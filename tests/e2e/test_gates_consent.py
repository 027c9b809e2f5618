"""What does not block a promotion, and what a human has to agree to: dry runs, approvals, and the evidence of both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.attempts import PATIENCE_SECONDS, SMOKE, attempt, evidence, since, start
from tests.e2e.cluster import Object
from tests.e2e.conftest import Stage
from tests.e2e.kubectl import whoami
from tests.e2e.models import AGAIN
from tests.e2e.releases import Release
from tests.e2e.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.story, pytest.mark.timeout(900)]

ANOTHER_DIGEST = f"sha256:{'e' * 64}"
NO_RETRY: Mapping[str, Any] = {"retries": 0}
DRY: Mapping[str, Any] = {"dryRun": True, "onError": NO_RETRY}
FAILING: Object = {
    "smoke": {**SMOKE, **DRY, "p95": "1ms"},
    "governance": {"policy": "nowhere", **DRY},
    "contract": {"allowedFlavors": ["onnx"], **DRY},
    "metrics": [
        {"name": "lift", "direction": "HigherIsBetter", **DRY},
        {"name": "auc", "source": "Rescore", "minimum": 0.9999, "dataset": {"label": "target"}, **DRY},
    ],
    "custom": [{"name": "fair", "job": {"image": "localhost:1/fair:1"}, **DRY}],
}
"""Every kind of gate, in a way that no candidate of these passes."""


@pytest.fixture(scope="module")
def release(stage: Stage) -> Release:
    """A release without production yet."""
    return stage("consented")


def test_the_evidence_of_a_pass_can_be_checked_by_hand(release: Release, versions: Mapping[str, str]) -> None:
    gates = {"governance": {"policy": "governance-tags"}, "contract": {}, "metrics": [{"name": "auc", "minimum": 0.9}]}
    first = attempt(release, versions["modest"], gates, "Live")

    results = first["status"]["gates"]
    assert [(r["name"], r["verdict"]) for r in results] == [
        (name, "Pass") for name in ("governance", "contract", "metrics/auc", "smoke")
    ]
    for result in results:
        assert result["method"]
        assert result["startedAt"]
        assert result["durationSeconds"] >= 0
        assert result["measuredOn"]["candidate"].startswith(f"{first['metadata']['name']}")
    load = evidence(first, "smoke")
    assert (load["n"], load["threshold"], load["unit"]) == (59, 2000, "ms")
    assert 0 < load["measured"] <= load["threshold"]
    assert load["bound"] == pytest.approx(1 - 0.05 ** (1 / 59), abs=1e-4), "none of 59 requests was slow"
    assert evidence(first, "metrics/auc")["threshold"] == 0.9


def test_dry_runs_measure_and_report_and_do_not_block(release: Release, versions: Mapping[str, str]) -> None:
    promoted = attempt(release, versions["good"], FAILING, "Live")

    verdicts = {result["name"]: result["verdict"] for result in promoted["status"]["gates"]}
    assert verdicts.pop("smoke") in {"Fail", "Error"}, "Error where the generator itself fell behind"
    assert verdicts == {
        "governance": "Error",
        "contract": "Fail",
        "metrics/lift": "Inconclusive",
        "metrics/auc": "Fail",
        "custom/fair": "Error",
    }
    assert all(result["dryRun"] for result in promoted["status"]["gates"])
    compared = evidence(promoted, "metrics/auc")
    assert compared["threshold"] == 0.9999 > compared["measured"]
    assert compared["n"] == 228
    assert compared["measuredOn"]["dataset"].startswith("holdout.parquet sha256:")
    assert 0 <= compared["details"]["decisionsChanged"] <= 1
    assert release.answers() == versions["good"]


def test_an_approval_counts_for_the_candidate_that_it_names(release: Release, versions: Mapping[str, str]) -> None:
    approval = {"required": True}
    before = start(release, versions[AGAIN], {"approval": {**approval, "approved": ANOTHER_DIGEST}})
    until("it says what is approved", lambda: ANOTHER_DIGEST in said(release), PATIENCE_SECONDS, release.seen)
    waiting = since(release, before, "Gating")
    assert waiting is not None
    digest = waiting["status"]["digest"]
    assert f"{ANOTHER_DIGEST} is approved, the candidate is {digest}" in said(release)
    assert release.answers() == versions["good"]

    release.patch(f'{{"spec": {{"gates": {{"approval": {{"approved": "{digest}"}}}}}}}}')

    promoted = until("it is live", lambda: since(release, before, "Live"), PATIENCE_SECONDS, release.seen)
    assert promoted["metadata"]["name"] == waiting["metadata"]["name"], "consent is no part of the policy"
    assert promoted["status"]["consent"]["approved"] == digest
    consent = evidence(promoted, "approval")
    assert (consent["verdict"], consent["measuredOn"]["candidate"].split()[-1]) == ("Pass", digest)
    assert f"approved by {whoami()}" in consent["message"]
    assert release.answers() == versions[AGAIN]


def said(release: Release) -> str:
    """The sentence in the release's status."""
    return str(release.status().get("message"))
