"""One write moves production traffic, whichever object it follows."""

from __future__ import annotations

from slipway.cluster.port import Cluster
from slipway.plan.writing.actions import Shift


async def shift(cluster: Cluster, namespace: str, action: Shift) -> None:
    """Compare and swap: raises Conflict unless the object is exactly as it was when the shift was decided."""
    await cluster.swap((action.kind, namespace, action.name), action.resource_version, action.after)
