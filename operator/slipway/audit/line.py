"""The audit line: one JSON object on the log for each decision."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from slipway.api.release import ModelRelease
from slipway.plan.writing.actions import Decision
from slipway.words.times import stamp

LOG = logging.getLogger("slipway.audit")


def entry(release: ModelRelease, decision: Decision, now: datetime) -> dict[str, Any]:
    """The record of `decision`."""
    meta = release.metadata
    return {
        "at": stamp(now),
        "namespace": meta.namespace,
        "release": meta.name,
        "generation": meta.generation,
        "revision": decision.revision,
        "action": decision.action,
        "actor": decision.actor,
        "reason": decision.message,
        **{key: value for key, value in decision.details.items() if value is not None},
    }


def record(release: ModelRelease, decision: Decision, now: datetime) -> None:
    """Write the audit line of `decision`."""
    LOG.info(decision.message, extra={"audit": entry(release, decision, now)})
