"""Alerts on the operator itself: one group, whatever the number of releases. The chart installs it."""

from __future__ import annotations

from slipway.render.monitoring.alerts import CRITICAL, WARNING, alert, linked
from slipway.render.monitoring.recording import Rule
from slipway.settings import Monitoring

BOARD = "/d/w7-slipway-operator"
GROUP = "slipway.operator"


RULES: tuple[Rule, ...] = (
    alert(
        "SlipwayOperatorDown",
        "absent(slipway_queue_depth)",
        "5m",
        CRITICAL,
        (
            "the Slipway operator is not there",
            "Prometheus has no metrics of it. What serves goes on serving; no release, no rollback is carried out.",
        ),
    ),
    alert(
        "SlipwayWatchDead",
        "max by (namespace, pod) (slipway_watch_lag_seconds) > 60",
        "1m",
        CRITICAL,
        (
            "the Slipway operator does not see changes",
            "A change that a listing shows has not come through the watch for {{ $value | humanizeDuration }}.",
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
            "passes of the Slipway operator fail: {{ $labels.result }}",
            "{{ $value | humanize }} passes ended so within 15 minutes. Its log names the releases.",
        ),
    ),
    alert(
        "SlipwayRegistryUnreachable",
        "min by (namespace, registry) (slipway_registry_reachable) == 0",
        "5m",
        WARNING,
        (
            "registry {{ $labels.registry }} does not answer the Slipway operator",
            "Production stays as it is. No new version is seen, and no alias is moved, until it answers again.",
        ),
    ),
    alert(
        "SlipwayAuditBacklog",
        "max by (namespace, pod) (slipway_audit_backlog_records) > 0",
        "15m",
        WARNING,
        (
            "audit records wait to be stored",
            "{{ $value | humanize }} records are kept in the status of their objects: the audit store does not "
            "take them.",
        ),
    ),
)


def operator_group(settings: Monitoring) -> Rule:
    """The group, with links as configured."""
    return {"name": GROUP, "rules": [linked(rule, settings, BOARD) for rule in RULES]}
