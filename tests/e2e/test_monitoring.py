"""`make monitor_up && make smoke_prod SLOW=20%`: production is measured, an alert fires and ends, boards have data."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from slipway.report.board import panels, queries
from tests.deploy.test_boards import BOARDS
from tests.e2e.conftest import Stage
from tests.e2e.figures import record
from tests.e2e.models import ROOT
from tests.e2e.prometheus import Prometheus
from tests.e2e.releases import Release
from tests.e2e.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.long, pytest.mark.story, pytest.mark.timeout(900)]

NAME = "watched"
ALERT = "InferenceLatencyBudgetBurn"


def make(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["make", "-C", str(ROOT), *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


@pytest.fixture(scope="module")
def release(stage: Stage, versions: Mapping[str, str], monitoring: Prometheus) -> Release:
    """A release that serves the version for drills, with another one warm behind it."""
    made = stage(NAME)
    made.stage(versions["good"])
    made.apply(slo={"latency": {"p95": "500ms"}}, rollout={"watch": "3s", "keepWarm": "20m", "progressDeadline": "3m"})
    made.until_promoted(versions["good"])
    made.release(made.models.train_one("drill"))
    return made


def test_every_pod_is_scraped_and_every_track_has_series(release: Release, monitoring: Prometheus) -> None:
    pods = {pod["metadata"]["name"] for pod in release.pods().values()}
    until("every pod is a target that is up", lambda: monitoring.targets(NAME) == dict.fromkeys(pods, "up"), 90)
    rates = f'revision:inference_requests:rate{{namespace="{release.namespace}",release="{NAME}"}}'

    def tracks() -> set[str]:
        return {series["metric"]["track"] for series in monitoring.query(rates)}

    until("both revisions have their track", lambda: tracks() == {"live", "previous"}, 90, state=tracks)
    assert all(s["metric"]["model_version"] and s["metric"]["revision"] for s in monitoring.query(rates))


def test_slow_answers_move_p95_and_the_alert_fires_and_is_resolved(release: Release, monitoring: Prometheus) -> None:
    about = (f"RELEASE={NAME}", f"NAMESPACE={release.namespace}", "SLOW=20%", "DURATION=60")
    p95 = f'release:inference_request_duration_seconds:p95{{namespace="{release.namespace}",release="{NAME}"}}'
    running = make("smoke_prod", *about)
    try:
        slow = until("p95 is above its objective", lambda: (monitoring.value(p95) or 0.0) > 0.5, 120)
        until("Alertmanager has the alert", lambda: ALERT in monitoring.delivered(NAME), 120)
        said, _ = running.communicate(timeout=400)
    finally:
        running.kill()
    assert slow
    assert running.returncode == 0, said
    assert all(f": {state}" in said for state in ("pending", "firing", "resolved")), said
    until("Alertmanager forgets it", lambda: ALERT not in monitoring.delivered(NAME), 60)
    until("p95 is within its objective", lambda: (monitoring.value(p95) or 1.0) < 0.5, 60)


def test_the_objective_of_the_rules_follows_the_release(release: Release, monitoring: Prometheus) -> None:
    release.patch(json.dumps({"spec": {"slo": {"latency": {"p95": "300ms"}}}}))
    objective = f'slipway_release_objective_latency_seconds{{namespace="{release.namespace}",release="{NAME}"}}'
    until("the objective moves", lambda: monitoring.value(objective) == 0.3, 60)


def test_every_query_of_every_panel_returns_data(release: Release, monitoring: Prometheus) -> None:
    release.patch(json.dumps({"spec": {"rollback": {"to": "previous", "reason": "for the board"}}}))
    release.until_condition("Held", "True")
    variables = {"namespace": release.namespace, "release": NAME}
    asked = [query for board in BOARDS.values() for query in queries(board, variables)]

    def empty() -> list[tuple[str, str]]:
        return [
            (q.panel, q.expression) for q in asked if not monitoring.query(f"last_over_time(({q.expression})[10m:15s])")
        ]

    until("every query has data", lambda: not empty(), 60, state=empty)
    record("queries of boards with data", len(asked))


def test_the_report_draws_every_curve_of_the_board(release: Release, monitoring: Prometheus, tmp_path: Path) -> None:
    wanted = [panel["title"] for panel in panels(BOARDS["w7-inference-overview"]) if panel["type"] == "timeseries"]
    where = ("--namespace", release.namespace, "--prometheus", monitoring.url, "--out", str(tmp_path))
    subprocess.run(["slipway", "report", NAME, *where], check=True, timeout=120)
    page = (tmp_path / "report.html").read_text()
    assert [title for title in wanted if f"<h3>{title}" not in page] == []
    assert page.count('class="chart"') == len(wanted)
    assert ">no data<" not in page


def test_its_rollback_is_told_as_an_alert(release: Release, monitoring: Prometheus) -> None:
    until("the rollback is in Alertmanager", lambda: "ModelRolledBack" in monitoring.delivered(NAME), 60)
