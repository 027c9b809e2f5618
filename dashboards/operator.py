"""The board of the operator itself."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from dashboards.parts import AMBER, BLUE, GREEN, RED, board, lines, number

TITLE, UID = "W7 Slipway Operator", "w7-slipway-operator"
PROCESS = 'job=~".*slipway-metrics"'
PHASES = "rate(slipway_phase_duration_seconds"


def operator() -> Dashboard:
    """All of it."""
    made = board(TITLE, UID, "Passes, queue, watches, registries, releases and rollbacks of the Slipway operator.")
    for title, panels in (("Now", _now()), ("Work", _work()), ("Releases", _releases())):
        made.with_row(Row(title))
        for panel in panels:
            made.with_panel(panel)
    return made


def _now() -> list:
    return [
        number("Releases", "none", ("count(count by (namespace, release) (slipway_release_condition))", ""), base=BLUE),
        number(
            "Not ready", "none", ('count(slipway_release_condition{condition="Ready"} == 0) or vector(0)', ""),
            [(1, RED)],
        ),
        number(
            "Held", "none", ('count(slipway_release_condition{condition="Held"} == 1) or vector(0)', ""), [(1, AMBER)],
        ),
        number("Watch lag", "s", ("max(slipway_watch_lag_seconds)", ""), [(30, AMBER), (60, RED)]),
        number("Registries reachable", "percentunit", ("avg(slipway_registry_reachable)", ""), [(1, GREEN)], base=RED),
        number(
            "Audit backlog", "none", ("sum(slipway_audit_backlog_records)", ""), [(1, AMBER)],
            about="Records that the audit store has not taken yet.",
        ),
    ]  # fmt: skip


def _work() -> list:
    seconds = "sum by (le) (rate(slipway_reconcile_duration_seconds_bucket[$__rate_interval]))"
    return [
        lines(
            "Passes by result", "ops",
            ("sum by (result) (rate(slipway_reconcile_total[$__rate_interval]))", "{{result}}"),
        ),
        lines(
            "Time of a pass", "s", (f"histogram_quantile(0.5, {seconds})", "p50"),
            (f"histogram_quantile(0.99, {seconds})", "p99"),
        ),
        lines(
            "Queue", "short", ("max(slipway_queue_depth)", "releases waiting"),
            ("max(slipway_queue_age_seconds)", "age of the oldest, seconds"),
        ),
        lines(
            "Writes by kind", "ops", ("sum by (action) (rate(slipway_actions_total[$__rate_interval]))", "{{action}}"),
        ),
        lines("Memory", "bytes", (f"process_resident_memory_bytes{{{PROCESS}}}", "{{pod}}")),
        lines("CPU", "percentunit", (f"rate(process_cpu_seconds_total{{{PROCESS}}}[$__rate_interval])", "{{pod}}")),
    ]  # fmt: skip


def _releases() -> list:
    mean = f"sum by (phase) ({PHASES}_sum[1h])) / (sum by (phase) ({PHASES}_count[1h])) > 0)"
    back = "sum by (le) (increase(slipway_rollback_duration_seconds_bucket[6h]))"
    return [
        lines("Mean time in each phase, last hour", "s", (mean, "{{phase}}")),
        lines(
            "Flips and rollbacks", "short",
            ("sum by (namespace, release) (slipway_flips_total)", "flips of {{namespace}}/{{release}}"),
            ("sum by (namespace, release) (slipway_rollbacks_total)", "rollbacks of {{namespace}}/{{release}}"),
            about="Since the operator's start.",
        ),
        lines("Time of a rollback, last six hours", "s", (f"histogram_quantile(0.95, {back})", "p95")),
        lines(
            "Gate verdicts", "short",
            ("sum by (verdict) (slipway_gate_verdicts_total)", "{{verdict}}"), about="Since the operator's start.",
        ),
        lines("Registries", "bool", ("min by (registry) (slipway_registry_reachable)", "{{registry}}")),
        lines(
            "Releases by condition", "short",
            ("sum by (condition) (slipway_release_condition)", "{{condition}}"),
            about="How many releases have it True.",
        ),
    ]  # fmt: skip
