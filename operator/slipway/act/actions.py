"""Carries out one action. Each is one atomic write, and doing it twice is harmless."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slipway.api.base import API_VERSION
from slipway.cluster.port import Cluster, Conflict
from slipway.context.context import Context
from slipway.plan.writing.actions import (
    Action,
    Announce,
    Apply,
    Checkpoint,
    CreateRevision,
    Delete,
    OpenProduction,
    Own,
    Resize,
    Shift,
    WriteRevision,
)
from slipway.registry.protocol import Promotion
from slipway.words.names import CHECKPOINT_ANNOTATION, CHECKPOINT_TAG

SETTLE_SECONDS = 0.1
"""Callers follow a flip once the cluster's own components have taken it over. The next look would keep the API
server from them, and can wait for that long: docs/performance.md."""


async def act(context: Context, namespace: str, action: Action) -> None:
    """Carry out `action`. Raises ClusterError or RegistryError; Conflict means: look again and decide anew."""
    cluster = context.cluster
    match action:
        case CreateRevision(manifest):
            await _create_once(cluster, manifest)
        case WriteRevision():
            await cluster.replace_status(_revision_status(namespace, action))
        case Apply(manifest):
            await cluster.apply(manifest)
        case OpenProduction(manifest):
            await cluster.create(manifest)
        case Shift():
            await _shift(context, namespace, action)
        case Delete(kind, name, uid):
            await cluster.delete(kind, namespace, name, uid)
        case Own(kind, name) | Resize(kind, name):
            await cluster.patch_merge(kind, namespace, name, _patch(action))
        case Announce():
            promotion = Promotion(action.model, action.version, action.alias, action.sync_stages)
            await context.registries.announce(action.registry, promotion)
        case Checkpoint():
            await _checkpoint(context, namespace, action)
    context.instruments.actions.labels(type(action).__name__).inc()


async def _shift(context: Context, namespace: str, action: Shift) -> None:
    """Move traffic by compare and swap, and count it where production went to another revision."""
    await context.cluster.swap((action.kind, namespace, action.name), action.resource_version, action.after)
    if action.flips:
        context.instruments.flips.labels(namespace, action.name).inc()
        await context.pause(SETTLE_SECONDS)


async def _checkpoint(context: Context, namespace: str, action: Checkpoint) -> None:
    """Tag, then annotation; nothing while the audit store has not been reached: it is planned again."""
    made = context.recorder.checkpoint(context.now(), action.covers)
    if made is None:
        return
    if action.registry:
        await context.registries.tag(action.registry, action.model, action.version, (CHECKPOINT_TAG, made.text()))
    annotation = {"metadata": {"annotations": {CHECKPOINT_ANNOTATION: made.text()}}}
    await context.cluster.patch_merge("ModelRevision", namespace, action.revision, annotation)


async def _create_once(cluster: Cluster, manifest: Mapping[str, Any]) -> None:
    """Create the object; that an earlier pass made it is fine, the next look finds it."""
    try:
        await cluster.create(manifest)
    except Conflict:
        return


def _revision_status(namespace: str, action: WriteRevision) -> dict[str, Any]:
    return {
        "apiVersion": API_VERSION,
        "kind": "ModelRevision",
        "metadata": {"name": action.name, "namespace": namespace, "resourceVersion": action.resource_version},
        "spec": {},
        "status": action.status.wire(),
    }


def _patch(action: Own | Resize) -> dict[str, Any]:
    """A patch that fails with a conflict if the name now belongs to another object."""
    if isinstance(action, Resize):
        return {"metadata": {"uid": action.uid}, "spec": {"replicas": action.replicas}}
    return {"metadata": {"uid": action.uid, "ownerReferences": [dict(owner) for owner in action.owners] or None}}
