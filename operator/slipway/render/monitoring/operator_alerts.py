"""Alerts on the operator itself: one group, whatever the number of releases. The chart installs it."""

from __future__ import annotations

from slipway.render.monitoring.alerts import CRITICAL, WARNING, alert, linked
from slipway.render.monitoring.recording import PrometheusRule
from slipway.settings import Monitoring

BOARD = "/d/w7-slipway-operator"
GROUP = "slipway.operator"


RULES: tuple[PrometheusRule, ...] = (
    alert(
        "SlipwayOperatorDown",
        "absent(slipway_queue_depth)",
        "5m",
        CRITICAL,
        (
            "the Slipway operator is down",
            "Prometheus has no metrics from it. Serving continues; releases and rollbacks do not.",
        ),
    ),
    alert(
        "SlipwayWatchDead",
        "max by (namespace, pod) (slipway_watch_lag_seconds) > 60",
        "1m",
        CRITICAL,
        (
            "the Slipway operator misses changes",
            "A change seen in a list has not arrived through the watch for {{ $value | humanizeDuration }}.",
        ),
    ),
    alert(
        "SlipwayQueueStuck",
        "max by (namespace, pod) (slipway_queue_age_seconds) > 60",
        "5m",
        WARNING,
        (
            "releases wait for the Slipway operator",
            "The oldest release in its queue is overdue by {{ $value | humanizeDuration }}.",
        ),
    ),
    alert(
        "SlipwayReconcileFailing",
        'sum by (namespace, result) (increase(slipway_reconcile_total{result=~"bug|unreadable|cluster"}[15m])) > 5',
        "5m",
        WARNING,
        (
            "reconciliation fails in the Slipway operator: {{ $labels.result }}",
            "{{ $value | humanize }} reconciliations failed within 15 minutes. The operator's log names the releases.",
        ),
    ),
    alert(
        "SlipwayRegistryUnreachable",
        "min by (namespace, registry) (slipway_registry_reachable) == 0",
        "5m",
        WARNING,
        (
            "the Slipway operator cannot reach registry {{ $labels.registry }}",
            "Production is unchanged. Until it is reachable, no new version is detected and no alias is moved.",
        ),
    ),
    alert(
        "SlipwayAuditBacklog",
        "max by (namespace, pod) (slipway_audit_backlog_records) > 0",
        "15m",
        WARNING,
        (
            "audit records are not being stored",
            "{{ $value | humanize }} records are kept in the status of their objects because the audit store "
            "does not accept them.",
        ),
    ),
)


def operator_group(settings: Monitoring) -> PrometheusRule:
    """The group, with links as configured."""
    return {"name": GROUP, "rules": [linked(rule, settings, BOARD) for rule in RULES]}
