"""One release from its first version to a rollback and on: each test goes on where the one before it ended."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from time import time
from typing import Any

import jsonschema
import pytest

from tests import browser
from tests.e2e.cluster import Cluster, Object
from tests.e2e.conftest import Stage
from tests.e2e.figures import record
from tests.e2e.kubectl import kubectl
from tests.e2e.load import Load, steady_load
from tests.e2e.models import AGAIN, ROOT, example
from tests.e2e.recorder import recording
from tests.e2e.releases import RELEASE_SECONDS, REVISION, Release, server
from tests.e2e.waiting import throughout, until

pytestmark = [pytest.mark.e2e, pytest.mark.story, pytest.mark.lengthy, pytest.mark.timeout(900)]

NAME = "cancer"
GATES: dict[str, Any] = {
    "smoke": {"p95": "200ms", "maxErrorRatio": 0, "requests": 200, "rate": 50},
    "metrics": [{"name": "auc", "source": "Logged", "maxRegression": 0, "minimum": 0.9}],
    "governance": {"policy": "governance-tags"},
}
GATE = "slipway.dev/gate"
ROLL_BACK = '{"spec": {"rollback": {"to": "previous", "reason": "callers complain"}}}'


@pytest.fixture(scope="module")
def release(stage: Stage) -> Release:
    """The release of the story, with the aliases that a user would take."""
    return stage(NAME, "staging", "production")


def test_the_first_version_is_released(release: Release, versions: Mapping[str, str]) -> None:
    first = versions["modest"]
    release.stage(first)
    release.apply(model=release.model(lifecycleStages="Sync"), server=server(2), gates=GATES)

    patience = f"--timeout={RELEASE_SECONDS:g}s"
    kubectl("-n", release.namespace, "wait", f"modelrelease/{NAME}", "--for=condition=Promoted", patience)

    assert release.answers() == first
    served = release.newest(first)
    assert served is not None
    assert served["status"]["fetched"]["compiled"] is True, served["status"]["fetched"]["message"]
    assert until("the alias follows", lambda: release.models.aliases().get("production"), 30) == first
    assert release.models.stage(first) == "Production"
    assert len(release.serving_pods()) == 2
    _the_tables_tell_it(release, first)


def _the_tables_tell_it(release: Release, version: str) -> None:
    of_releases, of_revisions = kubectl("-n", release.namespace, "get", "mr,mrev").strip().split("\n\n")
    names, values = (line.split() for line in of_releases.splitlines())
    told = dict(zip(names, values, strict=False))
    assert (told["PHASE"], told["LIVE"]) == ("Live", version)
    assert "True" in values
    columns, cells = (line.split() for line in of_revisions.splitlines())
    told = dict(zip(columns, cells, strict=False))
    assert (told["RELEASE"], told["VERSION"], told["PHASE"], told["OUTCOME"]) == (NAME, version, "Live", "Promoted")


def test_a_better_version_replaces_it_under_load_without_a_failed_request(
    release: Release, versions: Mapping[str, str], cluster: Cluster, server_image: str
) -> None:
    first, better = versions["modest"], versions["good"]
    with (
        recording(cluster, release.namespace, NAME) as made,
        steady_load(cluster, (release.namespace, NAME), server_image, example()) as load,
    ):
        release.stage(better)
        gated = release.until_phase(better, "Gating")
        tested = set(release.pods(gated["metadata"]["name"]))
        promoted = release.until_promoted(better)

    assert release.answers() == better
    assert load.failures == []
    assert load.versions() == [first, better]
    assert len(tested) == 2
    assert release.serving_pods() == tested, "production serves other pods than those that were tested"
    assert [revision for _, revision in made.flips] == [promoted["metadata"]["name"]], "one flip"
    assert (made.count("Deployment"), made.count("Job"), made.count("ModelRevision")) == (1, 1, 1)
    assert release.models.aliases()["production"] == better
    assert [release.models.stage(v) for v in (first, better)] == ["Archived", "Production"]
    record("release, requests under load", len(load.answers))
    record("release, seconds of each phase", _phase_seconds(promoted))


def _phase_seconds(revision: Object) -> dict[str, float]:
    timings = [t for t in revision["status"]["timings"] if t.get("endedAt")]
    spans = {
        t["phase"]: (datetime.fromisoformat(t["startedAt"]), datetime.fromisoformat(t["endedAt"])) for t in timings
    }
    return {phase: round((end - start).total_seconds(), 2) for phase, (start, end) in spans.items()}


REJECTIONS = [
    pytest.param("worse", "metrics/auc", "auc", id="an AUC below production's"),
    pytest.param("slow", "smoke", "gate smoke is Fail", id="too slow for its smoke load"),
    pytest.param("broken", None, "loaded", id="cannot be loaded"),
    pytest.param("untagged", "governance", "owner", id="nobody owns it"),
]


@pytest.mark.parametrize(("kind", "gate", "word"), REJECTIONS)
def test_a_bad_version_is_rejected_with_its_reason_and_leaves_nothing(
    release: Release, versions: Mapping[str, str], kind: str, gate: str | None, word: str
) -> None:
    serving = release.serving_pods()
    release.stage(versions[kind])

    rejected = release.until_phase(versions[kind], "Rejected")

    assert word in rejected["status"]["message"]
    _gate_tells(rejected, gate)
    ready = release.condition("Ready")
    assert (ready["status"], release.answers()) == ("True", versions["good"])
    assert release.serving_pods() == serving
    assert release.condition("Promoted")["status"] == "False"
    name = rejected["metadata"]["name"]
    until("nothing of the candidate is left", lambda: not _left(release, name), 60, lambda: _left(release, name))
    assert release.models.aliases()["production"] == versions["good"]


def _gate_tells(rejected: Object, gate: str | None) -> None:
    """The gate that stopped it says what it measured and what it held that against."""
    failed = [result for result in rejected["status"]["gates"] if result["verdict"] == "Fail"]
    assert [result["name"] for result in failed] == ([gate] if gate else [])
    for result in failed:
        assert result["measured"] != result["threshold"]
        assert result["message"] in rejected["status"]["message"]


def _left(release: Release, revision: str) -> list[str]:
    """What still exists of a revision besides its record and its finished gates, whose logs are kept for a day."""
    kinds = ("Deployment", "Service", "Pod")
    found = [o for kind in kinds for o in release.cluster.list(kind, release.namespace, {REVISION: revision})]
    found = [o for o in found if GATE not in o["metadata"]["labels"]]
    found += [s for s in [release.cluster.get("Service", release.namespace, f"{NAME}-staging")] if s]
    return [str(o["metadata"]["name"]) for o in found]


def test_a_rollback_by_kubectl_patch_under_load_starts_no_pod_and_holds(
    release: Release, versions: Mapping[str, str], cluster: Cluster, server_image: str
) -> None:
    first, bad = versions["modest"], versions["good"]
    release.stage(bad)
    assert release.condition("RollbackReady")["status"] == "True"
    before = set(release.pods())
    with (
        recording(cluster, release.namespace, NAME) as made,
        steady_load(cluster, (release.namespace, NAME), server_image, example()) as load,
    ):
        release.patch(ROLL_BACK)
        patched = time()
        release.until_phase(bad, "RolledBack", within=30)
        until("the alias is restored", lambda: release.models.aliases()["production"] == first, 30)
        throughout("production is held", lambda: release.live() == first, seconds=8)

    assert load.failures == []
    assert load.versions() == [bad, first]
    assert len(made.flips) == 1
    assert [name for kind, name in made.made if kind != "Service"] == [], "a rollback makes nothing"
    assert set(release.pods()) <= before, "a pod was started"
    assert release.answers() == first
    assert release.condition("Held")["status"] == "True"
    assert release.condition("Ready")["status"] == "True"
    _record_rollback(load, patched, (first, bad))


def _record_rollback(load: Load, patched: float, versions: tuple[str, str]) -> None:
    """Seconds from the return of `kubectl patch`; negative: it was over before kubectl returned."""
    good, bad = versions
    answered_at = load.by_version(good)[0].done - patched
    record("rollback, seconds from kubectl patch to the first answer of the good version", round(answered_at, 3))
    last = load.by_version(bad)[-1]
    record("rollback, seconds from kubectl patch to the last answer of the bad version", round(last.done - patched, 3))
    record("rollback, requests under load", len(load.answers))


def test_without_the_rollback_the_next_good_version_is_promoted_and_the_bad_one_is_not(
    release: Release, versions: Mapping[str, str]
) -> None:
    release.patch('{"spec": {"rollback": null}}')
    release.until_condition("Held", "False")
    throughout("the alias still names what was taken back", lambda: release.live() == versions["modest"], seconds=6)
    attempts = len(release.revisions())

    release.release(versions[AGAIN])

    assert release.answers() == versions[AGAIN]
    assert len(release.revisions()) == attempts + 1
    assert release.models.aliases()["production"] == versions[AGAIN]


def test_the_report_tells_the_whole_story(release: Release, tmp_path: Path) -> None:
    wanted = ["make", "-C", str(ROOT), "report", f"RELEASE={NAME}", f"NAMESPACE={release.namespace}", f"OUT={tmp_path}"]
    done = subprocess.run(wanted, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr

    revisions = [found["metadata"]["name"] for found in release.revisions()]
    lineage = (tmp_path / "lineage.mmd").read_text()
    drawn = browser.mermaid(lineage, tmp_path)
    assert [name for name in revisions if name not in lineage or name not in drawn] == []
    assert "rolled back" in lineage
    figures = json.loads((tmp_path / "metrics_snapshot.json").read_text())
    jsonschema.validate(figures, json.loads((ROOT / "docs" / "metrics_snapshot.schema.json").read_text()))
    assert [each["revision"] for each in figures["revisions"]] == revisions
    card = (tmp_path / "model_card.md").read_text()
    assert f"version {release.live()}" in card
    assert "breast-cancer-triage" in card, "the registry's tags are in it"
    seen = browser.dom(tmp_path / "report.html")
    assert [name for name in revisions if name not in seen] == []
