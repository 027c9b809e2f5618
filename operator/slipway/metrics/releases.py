"""Gauges of releases: computed anew by every pass, gone with their release.

Prometheus joins `slipway_revision_track` to what pods report: a promotion serves the very pods that were tested, and
no pod is ever relabelled.
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from slipway.api.base import seconds
from slipway.api.release_status import ReleaseStatus
from slipway.plan.production.retire import keeps_warm
from slipway.plan.registry.announce import contradicted
from slipway.plan.situation.scene import Scene
from slipway.words.names import Key
from slipway.words.times import parse

MetricSample = tuple[str, tuple[str, ...], float]
"""Family, the labels that it has besides namespace and release, value."""

FAMILIES: dict[str, tuple[str, tuple[str, ...]]] = {
    "slipway_revision_track": (
        "1 for each revision in use: live, canary, staging or previous.",
        ("revision", "model_version", "track"),
    ),
    "slipway_revision_traffic_ratio": ("A revision's share of production traffic.", ("revision",)),
    "slipway_release_condition": (
        "A condition of the release: 1 True, 0 False; no sample while it is unknown.",
        ("condition",),
    ),
    "slipway_release_alias_drift": (
        "1 while the production alias points to a version that production does not serve.",
        (),
    ),
    "slipway_release_keep_warm": ("1 while the previous revision is meant to be ready for a rollback.", ()),
    "slipway_release_objective_latency_seconds": ("The latency objective of spec.slo, a 95th percentile.", ()),
    "slipway_release_objective_errors_ratio": ("The error objective of spec.slo, a share of requests.", ()),
    "slipway_release_last_promotion_timestamp_seconds": ("When production started to serve the live revision.", ()),
    "slipway_release_last_rollback_timestamp_seconds": (
        "When the last rollback was observed to be complete.",
        ("trigger", "from_revision", "to_revision"),
    ),
}


class Releases(Collector):
    """What was last computed for every release."""

    def __init__(self) -> None:
        self._samples: dict[Key, tuple[MetricSample, ...]] = {}

    def show(self, key: Key, samples: tuple[MetricSample, ...]) -> None:
        """From now on these are the samples of the release `key`."""
        self._samples[key] = samples

    def forget(self, key: Key) -> None:
        """The release is gone, and so are its series."""
        self._samples.pop(key, None)

    def collect(self) -> Iterator[Metric]:
        """prometheus-client's side of a collector."""
        families = {
            name: GaugeMetricFamily(name, text, labels=("namespace", "release", *labels))
            for name, (text, labels) in FAMILIES.items()
        }
        for key, samples in self._samples.items():
            for name, labels, value in samples:
                families[name].add_metric([*key, *labels], value)
        yield from families.values()


def samples(scene: Scene, status: ReleaseStatus) -> tuple[MetricSample, ...]:
    """Pure: what the gauges say of a release, from what was seen and the status that follows from it."""
    slo = scene.seen.release.spec.slo
    return (
        *_tracks(scene, status),
        *(("slipway_revision_traffic_ratio", (t.revision,), t.weight / 100) for t in status.traffic),
        *(
            ("slipway_release_condition", (c.type,), float(c.status == "True"))
            for c in status.conditions
            if c.status != "Unknown"
        ),
        ("slipway_release_alias_drift", (), float(contradicted(scene) is not None)),
        ("slipway_release_keep_warm", (), float(scene.previous is not None and keeps_warm(scene, scene.previous))),
        ("slipway_release_objective_latency_seconds", (), seconds(slo.latency.p95)),
        ("slipway_release_objective_errors_ratio", (), slo.errors.ratio),
        *_times(status),
    )


def _tracks(scene: Scene, status: ReleaseStatus) -> Iterator[MetricSample]:
    """A candidate that has a share of production's traffic is a canary."""
    weights = {share.revision: share.weight for share in status.traffic}
    parts = {"live": scene.live, "staging": scene.candidate, "previous": scene.previous}
    for part, revision in parts.items():
        if revision is not None:
            canary = part == "staging" and weights.get(revision.name, 0) > 0
            labels = (revision.name, revision.spec.model.version, "canary" if canary else part)
            yield "slipway_revision_track", labels, 1.0


def _times(status: ReleaseStatus) -> Iterator[MetricSample]:
    """When production moved last, and when it moved back last."""
    if status.live is not None and status.live.since:
        yield "slipway_release_last_promotion_timestamp_seconds", (), parse(status.live.since).timestamp()
    back = status.rollback
    if back is not None and back.completed_at:
        labels = (back.trigger.value, back.from_revision, back.to)
        yield "slipway_release_last_rollback_timestamp_seconds", labels, parse(back.completed_at).timestamp()
