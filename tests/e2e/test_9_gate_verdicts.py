"""Gates on the real cluster: comparisons on the same rows, a human's consent, and every way in which a gate can end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.cluster import Object
from tests.e2e.conftest import Stage
from tests.e2e.releases import Release
from tests.e2e.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.story, pytest.mark.timeout(300)]

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


def evidence(revision: Object, name: str) -> Object:
    """One gate's result."""
    found: Object = next(result for result in revision["status"]["gates"] if result["name"] == name)
    return found


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
    waiting = until("the gates leave it to a human", lambda: _waiting(release, versions["worse"]), 180, release.seen)
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


def writes(text: str, code: int = 0) -> list[str]:
    """A container's command that leaves `text` as its verdict and ends with `code`."""
    return ["python", "-c", f"open('/dev/termination-log', 'w').write({text!r}); raise SystemExit({code})"]


PASS = json.dumps({"verdict": "Pass", "message": "fine", "n": 1})
WAYS = [
    pytest.param(writes(json.dumps({"verdict": "Fail", "message": "unfair"})), {}, "unfair", id="it fails"),
    pytest.param(writes("all good"), {}, "not JSON", id="its verdict is no JSON"),
    pytest.param(writes(PASS, 3), {}, "did not end well", id="it passes and crashes"),
    pytest.param(["python", "-c", "raise SystemExit(137)"], {}, "killed (exit code 137)", id="it is killed"),
    pytest.param(["true"], {}, "gave no verdict", id="it says nothing"),
]


@pytest.mark.parametrize(("command", "more", "sentence"), WAYS)
def test_a_custom_gate_that_goes_wrong_rejects_with_the_reason(
    release: Release,
    versions: Mapping[str, str],
    server_image: str,
    request: pytest.FixtureRequest,
    command: list[str],
    more: Object,
    sentence: str,
) -> None:
    custom = {"name": "check", "onError": {"retries": 0}, "job": {"image": server_image, "command": command}, **more}
    release.stage(versions["modest"])
    release.apply(gates={"smoke": SMOKE, "custom": [custom]}, retry=request.node.callspec.id[:60])

    rejected = until(
        "this attempt is rejected", lambda: _rejected(release, versions["modest"], command), 150, release.seen
    )

    assert sentence in rejected["status"]["message"]
    assert evidence(rejected, "custom/check")["verdict"] in {"Fail", "Error"}
    assert release.answers() == versions["worse"], "production stays what it was"


def _rejected(release: Release, version: str, command: list[str]) -> Object | None:
    found = release.newest(version)
    if not found or found.get("status", {}).get("phase") != "Rejected":
        return None
    custom = found["spec"]["policy"]["gates"].get("custom") or [{"job": {}}]
    return found if custom[0]["job"].get("command") == command else None
