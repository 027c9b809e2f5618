"""What the Prometheus Operator reads of a release: what to scrape, and by which rules to judge it."""

from __future__ import annotations

import hashlib
import json

from slipway.api.release import ModelRelease
from slipway.render.meta import Manifest, metadata, release_owner
from slipway.render.monitoring.alerts import alert_rules
from slipway.render.monitoring.pace import Pace
from slipway.render.monitoring.recording import PrometheusRule, Subject, recording_rules
from slipway.settings import Monitoring
from slipway.words import names
from slipway_contract import paths

API_VERSION = "monitoring.coreos.com/v1"
RELABELLED = {
    "release": names.RELEASE_LABEL,
    "revision": names.REVISION_LABEL,
    "model_version": names.VERSION_LABEL,
}
"""Label of every series → label of the pod that it comes from."""


def monitors(release: ModelRelease, settings: Monitoring) -> tuple[Manifest, ...]:
    """The ServiceMonitor and the PrometheusRule, each stamped with what it was made of."""
    return tuple(map(_stamped, (service_monitor(release, settings), prometheus_rule(release, settings))))


def service_monitor(release: ModelRelease, settings: Monitoring) -> Manifest:
    """Scrape every serving pod once, through the release's one metrics Service."""
    endpoint = {
        "port": "metrics",
        "path": paths.METRICS,
        "interval": Pace.of(settings).interval,
        "relabelings": [
            {"sourceLabels": [_discovered(label)], "targetLabel": target} for target, label in RELABELLED.items()
        ],
        # The pod says of itself what its labels say already.
        "metricRelabelings": [{"action": "labeldrop", "regex": "exported_(revision|model_version)"}],
    }
    selector = {names.RELEASE_LABEL: release.metadata.name, "app.kubernetes.io/component": "metrics"}
    return {
        **_head("ServiceMonitor", release, settings),
        "spec": {"selector": {"matchLabels": selector}, "endpoints": [endpoint]},
    }


def prometheus_rule(release: ModelRelease, settings: Monitoring) -> Manifest:
    """The release's rules, every number from its spec.slo."""
    return {**_head("PrometheusRule", release, settings), "spec": {"groups": rule_groups(release, settings)}}


def rule_groups(release: ModelRelease, settings: Monitoring) -> list[PrometheusRule]:
    """The groups of the PrometheusRule, which are also what a plain rule file of Prometheus holds.

    One group: its rules are evaluated in order, so an alert sees what was recorded in the same round.
    """
    subject = Subject.of(release, Pace.of(settings))
    rules = [*recording_rules(subject), *alert_rules(subject, settings)]
    name = f"slipway.{subject.namespace}.{subject.release}"
    return [{"name": name, "interval": subject.pace.interval, "rules": rules}]


def _head(kind: str, release: ModelRelease, settings: Monitoring) -> Manifest:
    name, namespace = release.metadata.name, release.metadata.namespace
    labels = {**settings.labels, **names.release_labels(name)}
    meta = metadata(names.monitor(name), namespace, labels, release_owner(release))
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": meta}


def _stamped(manifest: Manifest) -> Manifest:
    """With a hash of labels and spec: one that differs from what is there is all that asks for a write."""
    meta = manifest["metadata"]
    content = json.dumps([meta["labels"], manifest["spec"]], sort_keys=True)
    annotations = {names.RENDERED_ANNOTATION: hashlib.sha256(content.encode()).hexdigest()[:12]}
    return {**manifest, "metadata": {**meta, "annotations": annotations}}


def _discovered(label: str) -> str:
    """A pod's label as Prometheus' service discovery names it."""
    return "__meta_kubernetes_pod_label_" + "".join(c if c.isalnum() else "_" for c in label)
