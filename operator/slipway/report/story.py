"""Everything that a report tells of: the release, its revisions, what the registry says, the audit records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from slipway.api.release import ModelRelease
from slipway.api.revision import Counted, ModelRevision, Phase
from slipway.plan.situation.observed import Version

ROLLED_BACK = "RolledBack"


@dataclass(frozen=True)
class LiveFigures:
    """How production does, as counted. Raw counts; `p95_seconds` where the source can tell."""

    source: str
    """Where the figures are from, in words."""
    requests: int
    slow: int
    errors: int
    p95_seconds: float | None = None
    timed: int | None = None
    """Requests that latency is judged on; None: all of them."""

    @property
    def counted(self) -> Counted:
        """The counts alone."""
        return Counted(requests=self.requests, slow=self.slow, errors=self.errors, timed=self.timed)


@dataclass(frozen=True)
class Series:
    """One line of a panel: values by Unix time in seconds."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Panel:
    """One panel of the board with the data that Prometheus had for it."""

    title: str
    unit: str
    series: tuple[Series, ...]


@dataclass(frozen=True)
class RollbackEntry:
    """Production went back."""

    source: str
    """Revision that it was taken from."""
    target: str
    """Revision that it went back to."""
    at: str
    actor: str
    reason: str


@dataclass(frozen=True)
class Story:
    """One release, as it stood at `taken_at`."""

    release: ModelRelease
    revisions: tuple[ModelRevision, ...]
    """By number, oldest first."""
    taken_at: str
    versions: Mapping[str, Version] = field(default_factory=dict)
    """What the registry says of the versions; one that could not be read is missing."""
    records: tuple[Mapping[str, Any], ...] = ()
    """Audit records of this release, by sequence."""
    live_figures: LiveFigures | None = None
    panels: tuple[Panel, ...] = ()

    @property
    def live(self) -> ModelRevision | None:
        """The revision that production serves."""
        return self._revision(self.release.status.live.revision if self.release.status.live else None)

    @property
    def subject(self) -> ModelRevision | None:
        """The revision that the model card is about: what production serves, else the newest."""
        return self.live or (self.revisions[-1] if self.revisions else None)

    @property
    def rollbacks(self) -> tuple[RollbackEntry, ...]:
        """Every rollback on record, oldest first; without records, the one that the release's status remembers."""
        told = tuple(_told(record) for record in self.records if record.get("action") == ROLLED_BACK)
        last = self.release.status.rollback
        if told or last is None or last.completed_at is None:
            return told
        return (RollbackEntry(last.from_revision, last.to, last.completed_at, last.actor, last.reason),)

    @property
    def served(self) -> tuple[ModelRevision, ...]:
        """Revisions that production has served."""
        return tuple(revision for revision in self.revisions if revision.status.flipped_at)

    def _revision(self, name: str | None) -> ModelRevision | None:
        return next((revision for revision in self.revisions if revision.name == name), None)


def _told(record: Mapping[str, Any]) -> RollbackEntry:
    return RollbackEntry(
        source=str(record.get("from") or ""),
        target=str(record.get("to") or ""),
        at=str(record.get("time") or ""),
        actor=str(record.get("actor") or ""),
        reason=str(record.get("reason") or ""),
    )


ENDS = {
    Phase.LIVE: "good",
    Phase.WATCHING: "good",
    Phase.RETIRED: "neutral",
    Phase.SUPERSEDED: "neutral",
    Phase.ABORTED: "neutral",
    Phase.REJECTED: "bad",
    Phase.INCONCLUSIVE: "unsure",
    Phase.ROLLED_BACK: "bad",
}
"""How an end is coloured; a phase that is not here is on its way."""


def tone(phase: Phase) -> str:
    """good, bad, unsure, neutral or moving."""
    return ENDS.get(phase, "moving")
