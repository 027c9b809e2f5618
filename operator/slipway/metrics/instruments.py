"""The operator's own metrics. Label sets are bounded: releases, gates and phases, never versions or messages.

The series of a release go with it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from slipway.api.reasons import decisions
from slipway.api.release_status import ReleaseStatus, RollbackTrigger
from slipway.api.revision import Phase
from slipway.metrics.releases import Releases, samples
from slipway.plan.situation.scene import Scene
from slipway.plan.writing.actions import Plan, WriteRevision
from slipway.words.names import Key

Counters: TypeAlias = Callable[..., Counter]
Gauges: TypeAlias = Callable[..., Gauge]
Histograms: TypeAlias = Callable[..., Histogram]
PHASE_BUCKETS = (0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)
ROLLBACK_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
PASS_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Instruments:
    """One set per process; tests make their own."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.releases = Releases()
        registry.register(self.releases)
        counter, gauge = partial(Counter, registry=registry), partial(Gauge, registry=registry)
        histogram = partial(Histogram, registry=registry)
        self._of_the_process(counter, gauge, histogram)
        self._of_releases(counter, histogram)
        self._of_records(counter, gauge, histogram)

    def _of_the_process(self, counter: Counters, gauge: Gauges, histogram: Histograms) -> None:
        self.passes = counter("slipway_reconcile_total", "Passes by result.", ["result"])
        self.pass_seconds = histogram(
            "slipway_reconcile_duration_seconds", "Duration of one reconciliation.", buckets=PASS_BUCKETS
        )
        self.queue_depth = gauge("slipway_queue_depth", "Releases waiting to be reconciled.")
        self.queue_age = gauge("slipway_queue_age_seconds", "How long the oldest waiting release has been due.")
        self.actions = counter("slipway_actions_total", "Writes by kind.", ["action"])
        self.registry_up = gauge("slipway_registry_reachable", "1 if the last listing succeeded.", ["registry"])
        self.watch_lag = gauge(
            "slipway_watch_lag_seconds", "How long a listed change has not arrived through the watch."
        )

    def _of_releases(self, counter: Counters, histogram: Histograms) -> None:
        release = ["namespace", "release"]
        self.flips = counter("slipway_flips_total", "Flips of production.", release)
        self.rollbacks = counter("slipway_rollbacks_total", "Rollbacks by trigger.", [*release, "trigger"])
        self.verdicts = counter("slipway_gate_verdicts_total", "Verdicts of gates.", [*release, "gate", "verdict"])
        took = "Time from the decision until the rollback was observed to be complete."
        self.rollback_seconds = histogram(
            "slipway_rollback_duration_seconds", took, ["trigger"], buckets=ROLLBACK_BUCKETS
        )
        self.phase_seconds = histogram(
            "slipway_phase_duration_seconds", "Time in a phase.", ["phase"], buckets=PHASE_BUCKETS
        )
        for trigger in RollbackTrigger:
            self.rollback_seconds.labels(trigger.value)
        for phase in Phase:
            self.phase_seconds.labels(phase.value)

    def _of_records(self, counter: Counters, gauge: Gauges, histogram: Histograms) -> None:
        """The audit log and the notifications that follow it."""
        self.audit_backlog = gauge("slipway_audit_backlog_records", "Audit records not yet written to the audit store.")
        self.audit_up = gauge("slipway_audit_store_up", "1 if the last write to the audit store succeeded.")
        self.audit_records = counter("slipway_audit_records_total", "Audit records stored.")
        self.audit_seconds = histogram(
            "slipway_audit_append_duration_seconds", "Time to store a batch.", buckets=PASS_BUCKETS
        )
        self.notifications = counter("slipway_notifications_total", "Notifications by result.", ["channel", "result"])
        waiting, given_up = "Notifications not yet delivered.", "Notifications that were given up."
        self.notifications_waiting = gauge("slipway_notifications_waiting", waiting)
        self.notifications_dead = gauge("slipway_notifications_dead", given_up)

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
        if decided.decision.action == decisions.ROLLED_BACK:
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
