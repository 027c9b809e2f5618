"""The operator's own metrics. Label sets are bounded: releases and phases, never versions or messages."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from slipway.api.release import ModelRelease
from slipway.plan.actions import Decision

PHASE_BUCKETS = (0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)
PASS_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Instruments:
    """One set per process; tests make their own."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.passes = Counter("slipway_reconcile_total", "Passes by result.", ["result"], registry=registry)
        self.pass_seconds = Histogram(
            "slipway_reconcile_duration_seconds", "Time of one pass.", buckets=PASS_BUCKETS, registry=registry
        )
        self.queue_depth = Gauge("slipway_queue_depth", "Releases waiting for a pass.", registry=registry)
        self.actions = Counter("slipway_actions_total", "Writes by kind.", ["action"], registry=registry)
        self.flips = Counter("slipway_flips_total", "Flips of production.", ["namespace", "release"], registry=registry)
        self.rollbacks = Counter(
            "slipway_rollbacks_total", "Rollbacks by trigger.", ["namespace", "release", "trigger"], registry=registry
        )
        self.phase_seconds = Histogram(
            "slipway_phase_duration_seconds", "Time in a phase.", ["phase"], buckets=PHASE_BUCKETS, registry=registry
        )
        self.registry_up = Gauge(
            "slipway_registry_reachable", "1 where the last listing worked.", ["registry"], registry=registry
        )
        self.watch_lag = Gauge(
            "slipway_watch_lag_seconds", "How long a listed change has gone unseen by the watch.", registry=registry
        )

        self.audit_backlog = Gauge(
            "slipway_audit_backlog_records", "Audit records that wait for the audit store.", registry=registry
        )
        self.audit_up = Gauge(
            "slipway_audit_store_up", "1 where the last write to the audit store worked.", registry=registry
        )
        self.audit_records = Counter("slipway_audit_records_total", "Audit records stored.", registry=registry)
        self.audit_seconds = Histogram(
            "slipway_audit_append_duration_seconds", "Time to store a batch.", buckets=PASS_BUCKETS, registry=registry
        )

        self.notifications = Counter(
            "slipway_notifications_total", "Notifications by result.", ["channel", "result"], registry=registry
        )
        self.notifications_waiting = Gauge(
            "slipway_notifications_waiting", "Notifications that have still to be delivered.", registry=registry
        )
        self.notifications_dead = Gauge(
            "slipway_notifications_dead", "Notifications that were given up.", registry=registry
        )

    def count(self, release: ModelRelease, decision: Decision) -> None:
        """Count what was decided: phases that ended, and rollbacks."""
        details = decision.details
        if decision.action == "RolledBack":
            where = (release.metadata.namespace, release.metadata.name)
            self.rollbacks.labels(*where, details["trigger"]).inc()
        elif details.get("seconds") is not None:
            self.phase_seconds.labels(details["from"]).observe(details["seconds"])
