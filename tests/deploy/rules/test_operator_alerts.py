"""Every alert on the operator itself, both ways."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy.rules.promtool import Expected, holds

POD = 'namespace="slipway-system",pod="slipway-0"'
LABELS = {"namespace": "slipway-system", "pod": "slipway-0"}
DURATION, NUMBER = "$value | humanizeDuration", "$value | humanize"
RESULTS = f"slipway_reconcile_total{{{POD},result="
REACHABLE = 'slipway_registry_reachable{namespace="slipway-system",registry="default"}'

FIRES = [
    ("SlipwayOperatorDown", {"up": "1x20"}, Expected({}, "critical")),
    (
        "SlipwayWatchDead",
        {f"slipway_watch_lag_seconds{{{POD}}}": "90x20"},
        Expected(LABELS, "critical", {DURATION: "1m 30s"}),
    ),
    (
        "SlipwayQueueStuck",
        {f"slipway_queue_age_seconds{{{POD}}}": "120x20"},
        Expected(LABELS, values={DURATION: "2m 0s"}),
    ),
    (
        "SlipwayReconcileFailing",
        {f'{RESULTS}"bug"}}': "0+1x20"},
        Expected({"namespace": "slipway-system", "result": "bug"}, values={NUMBER: "15"}),
    ),
    (
        "SlipwayRegistryUnreachable",
        {REACHABLE: "0x20"},
        Expected({"namespace": "slipway-system", "registry": "default"}),
    ),
    (
        "SlipwayAuditBacklog",
        {f"slipway_audit_backlog_records{{{POD}}}": "3x20"},
        Expected(LABELS, values={NUMBER: "3"}),
    ),
]
QUIET = [
    ("SlipwayOperatorDown", {f"slipway_queue_depth{{{POD}}}": "0x20"}),
    ("SlipwayWatchDead", {f"slipway_watch_lag_seconds{{{POD}}}": "0x20"}),
    ("SlipwayQueueStuck", {f"slipway_queue_age_seconds{{{POD}}}": "2x20"}),
    # Conflicts are the normal way to notice that somebody was faster; a registry that is away has its own alert.
    ("SlipwayReconcileFailing", {f'{RESULTS}"conflict"}}': "0+9x20", f'{RESULTS}"registry"}}': "0+9x20"}),
    ("SlipwayRegistryUnreachable", {REACHABLE: "1x20"}),
    ("SlipwayAuditBacklog", {f"slipway_audit_backlog_records{{{POD}}}": "3x10 0x10"}),
]


@pytest.mark.parametrize(("alert", "series", "expected"), FIRES, ids=[case[0] for case in FIRES])
def test_it_fires(tmp_path: Path, alert: str, series: dict[str, str], expected: Expected) -> None:
    holds(tmp_path, series, "19m", alert, [expected])


@pytest.mark.parametrize(("alert", "series"), QUIET, ids=[case[0] for case in QUIET])
def test_it_stays_quiet(tmp_path: Path, alert: str, series: dict[str, str]) -> None:
    holds(tmp_path, series, "19m", alert, [])
