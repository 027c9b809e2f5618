"""A new ModelRevision: the bundle, pinned at intake."""

from __future__ import annotations

from slipway.api.base import API_VERSION
from slipway.api.release import ModelRelease
from slipway.api.revision import RevisionSpec
from slipway.render.meta import Manifest, metadata, release_owner
from slipway.words import names


def revision(release: ModelRelease, spec: RevisionSpec) -> Manifest:
    """The ModelRevision with `spec`."""
    name = names.revision_name(release.metadata.name, spec.number)
    labels = names.revision_labels(release.metadata.name, name, spec.model.version)
    return {
        "apiVersion": API_VERSION,
        "kind": "ModelRevision",
        "metadata": metadata(name, release.metadata.namespace, labels, release_owner(release)),
        "spec": spec.wire(),
    }
