"""The operator's own metrics. Label sets are bounded: releases, gates and phases, never versions or messages.

The series of a release go with it.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from slipway.api.release_status import ReleaseStatus, RollbackTrigger
from slipway.api.revision import Phase
from slipway.metrics.releases import Key, Releases, samples
from slipway.plan.actions import Plan, WriteRevision
from slipway.plan.scene import Scene

PHASE_BUCKETS = (0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)
ROLLBACK_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
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
        self.queue_age = Gauge(
            "slipway_queue_age_seconds", "How long the oldest waiting release has been due.", registry=registry
        )
        self.actions = Counter("slipway_actions_total", "Writes by kind.", ["action"], registry=registry)
        self.flips = Counter("slipway_flips_total", "Flips of production.", ["namespace", "release"], registry=registry)
        self.rollbacks = Counter(
            "slipway_rollbacks_total", "Rollbacks by trigger.", ["namespace", "release", "trigger"], registry=registry
        )
        self.rollback_seconds = Histogram(
            "slipway_rollback_duration_seconds",
            "From the decision to production being seen to be back.",
            ["trigger"],
            buckets=ROLLBACK_BUCKETS,
            registry=registry,
        )
        self.verdicts = Counter(
            "slipway_gate_verdicts_total",
            "Verdicts of gates.",
            ["namespace", "release", "gate", "verdict"],
            registry=registry,
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

        for trigger in RollbackTrigger:
            self.rollback_seconds.labels(trigger.value)
        for phase in Phase:
            self.phase_seconds.labels(phase.value)
        self.releases = Releases()
        registry.register(self.releases)

    def passed(self, scene: Scene, status: ReleaseStatus, decided: Plan) -> None:
        """A pass went through: show where the release stands, and count what was decided and judged."""
        meta = scene.seen.release.metadata
        key = (meta.namespace, meta.name)
        self._begin(key)
        self.releases.show(key, samples(scene, status))
        self._count_decision(key, decided)
        self._count_verdicts(key, scene, decided)

    def forget(self, key: Key) -> None:
        """The release was deleted: none of its series stays."""
        self.releases.forget(key)
        for metric in (self.flips, self.rollbacks, self.verdicts):
            metric.remove_by_labels({"namespace": key[0], "release": key[1]})

    def _begin(self, key: Key) -> None:
        """Counters start at 0: Prometheus sees no increase in a series that begins with 1."""
        self.flips.labels(*key)
        for trigger in RollbackTrigger:
            self.rollbacks.labels(*key, trigger.value)

    def _count_decision(self, key: Key, decided: Plan) -> None:
        """Phases that ended, and rollbacks."""
        if decided.decision is None:
            return
        details = decided.decision.details
        if decided.decision.action == "RolledBack":
            self.rollbacks.labels(*key, details["trigger"]).inc()
            self.rollback_seconds.labels(details["trigger"]).observe(details["seconds"])
        elif details.get("seconds") is not None:
            self.phase_seconds.labels(details["from"]).observe(details["seconds"])

    def _count_verdicts(self, key: Key, scene: Scene, decided: Plan) -> None:
        """Verdicts that this pass wrote down."""
        if not isinstance(decided.action, WriteRevision):
            return
        revision = scene.seen.revision(decided.action.name)
        before = revision.status.gates if revision else ()
        for result in decided.action.status.gates:
            if result not in before:
                self.verdicts.labels(*key, result.name, result.verdict.value).inc()
