"""One JSON patch moves production traffic, whichever object it follows."""

from __future__ import annotations

from typing import Any

from slipway.cluster import Cluster
from slipway.plan.actions import Shift


async def shift(cluster: Cluster, namespace: str, action: Shift) -> None:
    """Compare and swap: raises Conflict unless the object is exactly as it was when the shift was decided."""
    operations: list[dict[str, Any]] = [
        {"op": "test", "path": "/metadata/resourceVersion", "value": action.resource_version}
    ]
    operations += [{"op": "test", "path": path, "value": value} for path, value in action.before.items()]
    operations += [{"op": "add", "path": path, "value": value} for path, value in action.after.items()]
    await cluster.patch_json(action.kind, namespace, action.name, operations)
