"""Metadata of children: who owns them."""

from __future__ import annotations

from typing import Any

from slipway.api.base import API_VERSION
from slipway.api.policy import DeletionPolicy
from slipway.api.release import ModelRelease
from slipway.api.revision import ModelRevision

Manifest = dict[str, Any]


def release_owner(release: ModelRelease) -> list[Manifest]:
    """Owner references of a release's children; none where the children are to outlive it."""
    if release.spec.deletion_policy is DeletionPolicy.ORPHAN:
        return []
    return [_reference("ModelRelease", release.metadata.name, release.metadata.uid)]


def revision_owner(revision: ModelRevision) -> list[Manifest]:
    """Owner references of a revision's children: they always go with it."""
    return [_reference("ModelRevision", revision.name, revision.metadata.uid)]


def _reference(kind: str, name: str, uid: str) -> Manifest:
    return {"apiVersion": API_VERSION, "kind": kind, "name": name, "uid": uid, "controller": True}


def metadata(name: str, namespace: str, labels: dict[str, str], owners: list[Manifest]) -> Manifest:
    """Object metadata."""
    meta: Manifest = {"name": name, "namespace": namespace, "labels": labels}
    return {**meta, "ownerReferences": owners} if owners else meta
