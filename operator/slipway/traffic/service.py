"""The Service router: one JSON patch moves the selector of the production Service."""

from __future__ import annotations

from typing import Any

from slipway.kube import Cluster
from slipway.plan.actions import Flip


async def flip(cluster: Cluster, namespace: str, action: Flip) -> None:
    """Compare and swap: raises Conflict unless the Service is exactly as it was when the flip was decided."""
    operations: list[dict[str, Any]] = [
        {"op": "test", "path": "/metadata/resourceVersion", "value": action.resource_version},
        {"op": "test", "path": "/spec/selector", "value": dict(action.before)},
        {"op": "replace", "path": "/spec/selector", "value": dict(action.after)},
    ]
    await cluster.patch_json("Service", namespace, action.service, operations)
