"""Every alert on a release, both ways: it fires when it should, and not when it should not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy.rules.promtool import Expected, groups, holds, release, rule_file, run, yields
from tests.deploy.rules.series import DAY, RELEASE, Span, condition, gauge, pods, track

LIVE = track("live")
LATENCY, ERRORS = "InferenceLatencyBudgetBurn", "InferenceErrorBudgetBurn"
PERCENT = "$value | humanizePercentage"


def burning(slo: str, **shares: str) -> list[Expected]:
    """An alert for each window, with the share of bad requests that it tells; the day's is a ticket."""
    return [
        Expected(
            {**RELEASE, "slo": slo, "window": window}, "warning" if window == "1d" else "critical", {PERCENT: share}
        )
        for window, share in (((key[1:], value)) for key, value in shares.items())
    ]


def test_the_rules_are_what_prometheus_accepts(tmp_path: Path) -> None:
    run("check", "--lint=all", "--lint-fatal", rule_file(tmp_path))


@pytest.mark.parametrize("ratio", [0, 0.005, 0.2, 1])
def test_any_error_objective_makes_valid_rules(tmp_path: Path, ratio: float) -> None:
    run("check", "--lint=all", "--lint-fatal", rule_file(tmp_path, release(errors={"ratio": ratio})))


def test_every_alert_is_tested_both_ways() -> None:
    from tests.deploy.rules import test_operator_alerts

    alerts = {rule["alert"] for group in groups() for rule in group["rules"] if "alert" in rule}
    assert {alert for alert, *_ in FIRES} | {alert for alert, *_ in test_operator_alerts.FIRES} == alerts
    assert {alert for alert, *_ in QUIET} | {alert for alert, *_ in test_operator_alerts.QUIET} == alerts


FIRES = [
    # 40 % slow after a good day: six times the budget of 5 % for an hour, and not yet for longer. (A rate of 5 minutes
    # trails behind: the hour has a little less than 40 %.)
    (LATENCY, LIVE | pods(Span(1380), Span(60, slow=240)), "1439m", burning("latency", _1h="37.38%")),
    # 20 % slow after a good day: not fast enough for the first window, but for the second.
    (LATENCY, LIVE | pods(Span(1080), Span(360, slow=120)), "1439m", burning("latency", _6h="19.78%")),
    # 8 % slow for a day: p95 is above its objective, a ticket.
    (LATENCY, LIVE | pods(Span(DAY, slow=48)), "1499m", burning("latency", _1d="8%")),
    # 10 % errors against an objective of 0.5 %.
    (ERRORS, LIVE | pods(Span(1380), Span(60, failed=60)), "1439m", burning("errors", _1h="9.344%")),
    (ERRORS, LIVE | pods(Span(1080), Span(360, failed=24)), "1439m", burning("errors", _6h="3.956%", _1d="0.9937%")),
    (ERRORS, LIVE | pods(Span(DAY, failed=6)), "1499m", burning("errors", _1d="1%")),
    # A canary's requests are production's.
    (
        LATENCY,
        LIVE
        | track("canary", "cancer-r2")
        | pods(Span(120, requests=100))
        | pods(Span(120, requests=100, slow=100), revision="cancer-r2"),
        "119m",
        burning("latency", _1h="50%", _6h="50%", _1d="50%"),
    ),
    # The operator is away: what answers is production.
    (LATENCY, pods(Span(120, slow=300)), "119m", burning("latency", _1h="50%", _6h="50%", _1d="50%")),
    # Half of the requests that latency is judged on, whatever comes in bulk beside them.
    (
        LATENCY,
        LIVE | pods(Span(120, requests=100, slow=50, bulk=10_000)),
        "119m",
        burning("latency", _1h="50%", _6h="50%", _1d="50%"),
    ),
    # Errors count among bulk requests as among others.
    (ERRORS, LIVE | pods(Span(DAY, requests=0, bulk=600, failed=6)), "1499m", burning("errors", _1d="1%")),
    ("InferenceNoTraffic", LIVE | pods(Span(400), Span(60, requests=0)), "450m", [Expected(RELEASE)]),
    (
        "InferenceSLOSourceLost",
        LIVE,
        "10m",
        [Expected({**RELEASE, "revision": "cancer-r1", "track": "live"}, "critical")],
    ),
    # The objective was changed, and the pods that serve have no such bucket.
    (
        "InferenceSLOSourceLost",
        LIVE | pods(Span(60), bucket="0.25"),
        "30m",
        [Expected({**RELEASE, "revision": "cancer-r1", "track": "live"}, "critical")],
    ),
    (
        "ModelReleaseNotReady",
        LIVE | condition("Ready", "1x10 0x20"),
        "15m",
        [Expected({**RELEASE, "condition": "Ready"}, "critical")],
    ),
    ("ModelReleaseStalled", condition("Stalled", "1x30"), "15m", [Expected({**RELEASE, "condition": "Stalled"})]),
    ("ModelAliasDrift", gauge("slipway_release_alias_drift", "0x5 1x30"), "15m", [Expected(RELEASE)]),
    (
        "ModelRollbackNotReady",
        condition("RollbackReady", "0x30") | gauge("slipway_release_keep_warm", "1x30"),
        "15m",
        [Expected({**RELEASE, "condition": "RollbackReady"})],
    ),
]


def rolled_back(trigger: str) -> dict[str, str]:
    """A rollback, ten minutes after the epoch."""
    labels = {"trigger": trigger, "from_revision": "cancer-r2", "to_revision": "cancer-r1"}
    return gauge("slipway_release_last_rollback_timestamp_seconds", "_x9 600x60", **labels)


for _trigger, _severity in (("SLOBreach", "warning"), ("User", "info")):
    _labels = {**RELEASE, "trigger": _trigger, "from_revision": "cancer-r2", "to_revision": "cancer-r1"}
    _told = Expected(_labels, _severity, {"$value | humanizeDuration": "2m 0s"})
    FIRES.append(("ModelRolledBack", rolled_back(_trigger), "12m", [_told]))

QUIET = [
    # 4 % slow, for ever: p95 is within its objective.
    (LATENCY, LIVE | pods(Span(DAY, slow=24)), "1499m"),
    # It was bad and is over: the short window ends the alert.
    (LATENCY, LIVE | pods(Span(60, slow=300), Span(180)), "239m"),
    # All slow, and too few to mean anything.
    (LATENCY, LIVE | pods(Span(120, requests=2, slow=2)), "119m"),
    # All of those that latency is judged on are slow, and too few among many in bulk.
    (LATENCY, LIVE | pods(Span(120, requests=2, slow=2, bulk=600)), "119m"),
    # A slow candidate under the load of its smoke gate is not production.
    (
        LATENCY,
        LIVE
        | track("staging", "cancer-r2")
        | pods(Span(120, requests=100))
        | pods(Span(120, requests=600, slow=600), revision="cancer-r2"),
        "119m",
    ),
    (ERRORS, LIVE | pods(Span(DAY, failed=2)), "1499m"),
    # Night: no requests, and none before either.
    ("InferenceNoTraffic", LIVE | pods(Span(400, requests=0)), "399m"),
    ("InferenceNoTraffic", LIVE | pods(Span(400, requests=5)), "399m"),
    # What comes in bulk is traffic.
    ("InferenceNoTraffic", LIVE | pods(Span(400), Span(60, requests=0, bulk=600)), "450m"),
    ("InferenceSLOSourceLost", LIVE | pods(Span(60)), "30m"),
    # A release that serves nothing yet has nothing to measure, and nothing to be ready.
    ("InferenceSLOSourceLost", track("staging", "cancer-r1"), "30m"),
    ("ModelReleaseNotReady", condition("Ready", "0x30"), "30m"),
    ("ModelReleaseNotReady", LIVE | condition("Ready", "1x30"), "30m"),
    ("ModelReleaseStalled", condition("Stalled", "0x30"), "30m"),
    ("ModelAliasDrift", gauge("slipway_release_alias_drift", "0x30"), "30m"),
    ("ModelRolledBack", rolled_back("SLOBreach"), "40m"),
    # The window is over, and the previous revision was scaled down as intended.
    ("ModelRollbackNotReady", condition("RollbackReady", "0x30") | gauge("slipway_release_keep_warm", "0x30"), "30m"),
]


def numbered(cases: list[tuple[object, ...]]) -> list[str]:
    return [f"{case[0]}-{number}" for number, case in enumerate(cases)]


@pytest.mark.parametrize(("alert", "series", "at", "expected"), FIRES, ids=numbered(FIRES))  # type: ignore[arg-type]
def test_it_fires(tmp_path: Path, alert: str, series: dict[str, str], at: str, expected: list[Expected]) -> None:
    holds(tmp_path, series, at, alert, expected)


@pytest.mark.parametrize(("alert", "series", "at"), QUIET, ids=numbered(QUIET))  # type: ignore[arg-type]
def test_it_stays_quiet(tmp_path: Path, alert: str, series: dict[str, str], at: str) -> None:
    holds(tmp_path, series, at, alert, [])


def test_a_track_that_ended_unmarked_does_not_count_beside_the_newer_one(tmp_path: Path) -> None:
    """Prometheus goes on seeing a series for five minutes where it missed its end."""
    both = track("staging", values="1x9") | track("live", values="_x10 1x20") | pods(Span(30))
    info = "release:revision_track:info"
    labels = f'{info}{{namespace="demo",release="cancer",revision="cancer-r1",track="live"}}'
    yields(tmp_path, both, "12m", info, [labels])


def test_what_was_recorded_before_bulk_requests_were_told_apart_stays_true(tmp_path: Path) -> None:
    labels = 'namespace="demo",release="cancer"'
    old = {f"release:inference_requests:rate{{{labels}}}": "10x120"}
    old |= {f"release:inference_slow_requests:rate{{{labels}}}": "2.5x120"}
    hour = f'{labels},slo="latency",window="1h"'
    yields(tmp_path, old, "119m", f"slo:sli_error:ratio{{{hour}}} == bool 0.25", [f"{{{hour}}}"])
