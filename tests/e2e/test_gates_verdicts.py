"""Comparisons with production on the same rows: no worse, worse, and too little evidence, which a human decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.attempts import evidence
from tests.e2e.cluster import Object
from tests.e2e.conftest import Stage
from tests.e2e.releases import RELEASE_SECONDS, Release
from tests.e2e.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.story, pytest.mark.timeout(900)]

SMOKE = {"p95": "2s", "requests": 60, "rate": 50, "warmUp": 5}
COMPARISON = {
    "name": "auc",
    "source": "Rescore",
    "mode": "Statistical",
    "margin": 0.01,
    "onInconclusive": "Approve",
    "dataset": {"artifact": "holdout.parquet", "label": "target"},
}


@pytest.fixture(scope="module")
def release(stage: Stage) -> Release:
    """A release whose candidates are compared with production on the candidate's own rows."""
    return stage("gates")


def gates(**comparison: Any) -> Object:
    """The release's gates, with changes to the comparison."""
    return {"smoke": SMOKE, "metrics": [{**COMPARISON, **comparison}]}


def test_the_first_version_owes_floors_only(release: Release, versions: Mapping[str, str]) -> None:
    release.apply(gates=gates(minimum=0.9))
    first = release.release(versions["modest"])

    measured = evidence(first, "metrics/auc")
    assert (measured["verdict"], measured["n"]) == ("Pass", 228)
    assert measured["measured"] == pytest.approx(0.959, abs=0.01)


def test_a_version_that_is_shown_to_be_no_worse_is_promoted(release: Release, versions: Mapping[str, str]) -> None:
    better = release.release(versions["good"])

    measured = evidence(better, "metrics/auc")
    assert measured["verdict"] == "Pass"
    assert measured["bound"] >= measured["threshold"] == -0.01
    assert measured["method"].startswith("paired DeLong")
    assert "holdout.parquet sha256:" in measured["measuredOn"]["dataset"]
    assert measured["measuredOn"]["production"] != measured["measuredOn"]["candidate"]


def test_a_version_that_is_shown_to_be_worse_is_rejected(release: Release, versions: Mapping[str, str]) -> None:
    release.stage(versions["worse"])

    rejected = release.until_phase(versions["worse"], "Rejected")

    measured = evidence(rejected, "metrics/auc")
    assert (measured["verdict"], rejected["status"]["reason"]) == ("Fail", "GateFail")
    assert "a loss of 0.01 is allowed" in rejected["status"]["message"]
    assert release.answers() == versions["good"]


def test_too_little_evidence_waits_for_a_human_and_is_promoted_when_approved(
    release: Release, versions: Mapping[str, str]
) -> None:
    """At a margin of exactly the loss that the rows show, no number of rows can tell: Inconclusive by construction."""
    loss = -float(evidence(release.newest(versions["worse"]) or {}, "metrics/auc")["measured"])
    undecided = gates(margin=loss)
    release.apply(gates=undecided, retry="again")
    worse = versions["worse"]
    waiting = until("the gates leave it to a human", lambda: _waiting(release, worse), RELEASE_SECONDS, release.seen)
    assert evidence(waiting, "metrics/auc")["verdict"] == "Inconclusive"
    assert release.answers() == versions["good"]

    release.apply(gates={**undecided, "approval": {"approved": waiting["status"]["digest"]}}, retry="again")

    promoted = release.until_promoted(versions["worse"])
    assert promoted["metadata"]["name"] == waiting["metadata"]["name"], "consent makes no new attempt"
    assert release.answers() == versions["worse"]


def _waiting(release: Release, version: str) -> Object | None:
    found = release.newest(version)
    asked = "set spec.gates.approval.approved to" in str(release.status().get("message"))
    return found if asked and found and found["status"]["phase"] == "Gating" else None
