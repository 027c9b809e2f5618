"""Pure: which records of the audit log are worth a notification, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pydantic import Field

from slipway.api.base import Frozen, Timestamp
from slipway.api.outbox import Outcome
from slipway.api.reasons import attempts, decisions
from slipway.api.revision import Phase

LONGEST_REASON = 900
"""Characters: some services refuse long messages rather than cut them."""


class Mood(StrEnum):
    """How bad the news is, in Apprise's words: services choose a colour by it."""

    SUCCESS = "success"
    INFO = "info"
    WARNING = "warning"
    FAILURE = "failure"


class News(Frozen):
    """A record of the audit log, as far as a notification tells it."""

    time: Timestamp
    namespace: str
    release: str
    revision: str
    action: str
    to: str | None = None
    actor: str
    reason: str
    effect: str | None = None
    outcome: Outcome
    details: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True)
class Message:
    """What is sent."""

    title: str
    body: str
    mood: Mood


_PHASES: Mapping[str, tuple[str, Mood]] = {
    Phase.REJECTED: ("{version} was rejected", Mood.FAILURE),
    Phase.INCONCLUSIVE: ("{version} ended without enough evidence", Mood.WARNING),
}
_ACTIONS: Mapping[str, tuple[str, Mood]] = {
    attempts.PROMOTED: ("{version} is promoted", Mood.SUCCESS),
    decisions.APPROVAL_ASKED: ("{version} waits for approval", Mood.WARNING),
    decisions.HELD: ("promotions are held", Mood.WARNING),
}


def message(news: News) -> Message | None:
    """What to tell people about `news`; None: nothing."""
    found = _worth_telling(news)
    if found is None:
        return None
    what, mood = found
    release, version = f"{news.namespace}/{news.release}", news.details.get("version")
    subject = what.format(version=f"version {version}" if version else news.revision)
    lines = [
        f"Release: {release}" + (f", revision {news.revision}" if news.revision else ""),
        f"Why: {news.reason[:LONGEST_REASON]}",
        f"By: {news.actor}",
        f"At: {news.time}",
        f"Look: {_command(news)}",
    ]
    return Message(f"{release}: {subject}", "\n".join(lines), mood)


def _worth_telling(news: News) -> tuple[str, Mood] | None:
    if news.effect == "Rollback" and news.outcome is Outcome.DONE:
        return "production was rolled back to {version}", Mood.WARNING
    return _ACTIONS.get(news.action) or _PHASES.get(news.to or "")


def _command(news: News) -> str:
    kind, name = ("modelrevision", news.revision) if news.revision else ("modelrelease", news.release)
    return f"kubectl --namespace {news.namespace} describe {kind} {name}"
