"""The audit line: one JSON object on the log for each decision."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from slipway.api.release import ModelRelease
from slipway.plan.writing.actions import Decision
from slipway.words.times import stamp

LOG = logging.getLogger("slipway.audit")


def entry(release: ModelRelease, decision: Decision, now: datetime, step: str | None = None) -> dict[str, Any]:
    """The record of `decision`, with the step of the plan that it comes from."""
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
        **({"step": step} if step else {}),
        **{key: value for key, value in decision.details.items() if value is not None},
    }


def log_decision(release: ModelRelease, decision: Decision, now: datetime, step: str | None = None) -> None:
    """Write the audit line of `decision`."""
    LOG.info(decision.message, extra={"audit": entry(release, decision, now, step)})
