"""Kubernetes Events for people. They expire and may be lost: the record is the audit log, not these."""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime

from slipway.api.base import API_VERSION
from slipway.api.release import ModelRelease
from slipway.cluster.port import Cluster, ClusterError
from slipway.plan.writing.actions import Decision
from slipway.words.times import stamp

LOG = logging.getLogger(__name__)


LONGEST = 1024
"""Characters of an Event's message that the API server takes."""


async def emit(cluster: Cluster, release: ModelRelease, decision: Decision, now: datetime) -> None:
    """Post the Event of `decision`; that it cannot be posted is logged and holds nothing up."""
    meta, at = release.metadata, stamp(now)
    unique = hashlib.sha256(f"{meta.uid}{decision.action}{decision.revision}{at}".encode()).hexdigest()[:12]
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{meta.name}.{unique}", "namespace": meta.namespace},
        "involvedObject": {
            "apiVersion": API_VERSION,
            "kind": "ModelRelease",
            "name": meta.name,
            "namespace": meta.namespace,
            "uid": meta.uid,
        },
        "type": "Warning" if decision.warning else "Normal",
        "reason": decision.action,
        "message": _sentence(decision),
        "firstTimestamp": at,
        "lastTimestamp": at,
        "count": 1,
        "source": {"component": "slipway"},
    }
    try:
        await cluster.create(event)
    except ClusterError as error:
        LOG.warning("event %s was not posted: %s", decision.action, error)


def _sentence(decision: Decision) -> str:
    """What was decided and by whom; where both do not fit, the end of what was decided is left out."""
    by = f" (by {decision.actor[:200]})"
    return decision.message[: LONGEST - len(by)] + by
