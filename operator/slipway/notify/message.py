"""Pure: which records of the audit log are worth a notification, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from slipway.api.outbox import Outcome
from slipway.api.revision import Phase

LONGEST_REASON = 900
"""Characters: some services refuse long messages rather than cut them."""


class Mood(StrEnum):
    """How bad the news is, in Apprise's words: services choose a colour by it."""

    SUCCESS = "success"
    INFO = "info"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True)
class Message:
    """What is sent."""

    title: str
    body: str
    mood: Mood


_PHASES: Mapping[str, tuple[str, Mood]] = {
    Phase.REJECTED: ("was rejected", Mood.FAILURE),
    Phase.INCONCLUSIVE: ("ended without enough evidence", Mood.WARNING),
}
_ACTIONS: Mapping[str, tuple[str, Mood]] = {
    "Promoted": ("is promoted", Mood.SUCCESS),
    "ApprovalAsked": ("waits for approval", Mood.WARNING),
    "Held": ("promotions are held", Mood.WARNING),
}


def message(record: Mapping[str, Any]) -> Message | None:
    """What to tell people about an audit `record`; None: nothing."""
    found = _news(record)
    if found is None:
        return None
    what, mood = found
    release, version = f"{record['namespace']}/{record['release']}", record["details"].get("version")
    subject = f"version {version} {what}" if version else what
    lines = [
        f"Release: {release}" + (f", revision {record['revision']}" if record["revision"] else ""),
        f"Why: {record['reason'][:LONGEST_REASON]}",
        f"By: {record['actor']}",
        f"At: {record['time']}",
        f"Look: {_command(record)}",
    ]
    return Message(f"{release}: {subject}", "\n".join(lines), mood)


def _news(record: Mapping[str, Any]) -> tuple[str, Mood] | None:
    if record["effect"] == "Rollback" and record["outcome"] == Outcome.DONE:
        return "production was rolled back", Mood.WARNING
    return _ACTIONS.get(record["action"]) or _PHASES.get(record["to"] or "")


def _command(record: Mapping[str, Any]) -> str:
    kind, name = ("modelrevision", record["revision"]) if record["revision"] else ("modelrelease", record["release"])
    return f"kubectl --namespace {record['namespace']} describe {kind} {name}"
