"""The Services of a release and the disruption budget of its pods."""

from __future__ import annotations

from slipway.api.release import ModelRelease
from slipway.api.revision import ModelRevision
from slipway.render.meta import Manifest, metadata, release_owner, revision_owner
from slipway.words import names
from slipway_contract import paths

PORTS = [{"name": "http", "port": names.SERVICE_PORT, "targetPort": "http", "protocol": "TCP"}]


def production(release: ModelRelease, revision: str) -> Manifest:
    """The production Service, pointing at `revision`."""
    return _pointing(release, release.metadata.name, revision)


def staging(release: ModelRelease, revision: str) -> Manifest:
    """The staging Service, pointing at the candidate."""
    return _pointing(release, names.staging_service(release.metadata.name), revision)


def of_revision(revision: ModelRevision) -> Manifest:
    """The Service of one revision: what its gates talk to."""
    meta, release = revision.metadata, revision.spec.release
    labels = names.revision_labels(release, revision.name, revision.spec.model.version)
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(revision.name, meta.namespace, labels, revision_owner(revision)),
        "spec": {"selector": names.selector(release, revision.name), "ports": PORTS},
    }


def metrics(release: ModelRelease) -> Manifest:
    """The headless Service of every serving pod: one target per pod for a scraper."""
    name = release.metadata.name
    labels = {**names.release_labels(name), "app.kubernetes.io/component": "metrics"}
    owners = release_owner(release)
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(names.metrics_service(name), release.metadata.namespace, labels, owners),
        "spec": {
            "clusterIP": "None",
            "selector": {names.RELEASE_LABEL: name, "app.kubernetes.io/component": "server"},
            "ports": [{"name": "metrics", "port": paths.PORT, "targetPort": "http", "protocol": "TCP"}],
        },
    }


def budget(release: ModelRelease) -> Manifest:
    """At most one serving pod of the release is evicted at a time."""
    name = release.metadata.name
    selector = {names.RELEASE_LABEL: name, "app.kubernetes.io/component": "server"}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(name, release.metadata.namespace, names.release_labels(name), release_owner(release)),
        "spec": {
            "maxUnavailable": 1,
            "selector": {"matchLabels": selector},
            "unhealthyPodEvictionPolicy": "AlwaysAllow",  # a candidate that never gets ready must not block a drain
        },
    }


def _pointing(release: ModelRelease, name: str, revision: str) -> Manifest:
    labels = names.release_labels(release.metadata.name)
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(name, release.metadata.namespace, labels, release_owner(release)),
        "spec": {"selector": names.selector(release.metadata.name, revision), "ports": PORTS},
    }
