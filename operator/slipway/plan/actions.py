"""The effects that a plan can ask for: each is one atomic write, and asking twice is harmless."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from slipway.api.outbox import Outcome
from slipway.api.release_status import ReleaseStatus
from slipway.api.revision import RevisionStatus


@dataclass(frozen=True)
class CreateRevision:
    """Create a ModelRevision. That it exists already is fine: an earlier pass made it."""

    manifest: Mapping[str, Any]


@dataclass(frozen=True)
class WriteRevision:
    """Replace a ModelRevision's status, if nobody changed it since it was read."""

    name: str
    resource_version: str
    status: RevisionStatus


@dataclass(frozen=True)
class Apply:
    """Server-side apply of one child."""

    manifest: Mapping[str, Any]


@dataclass(frozen=True)
class OpenProduction:
    """Create the production Service, pointing at its first revision. Never touches one that exists."""

    manifest: Mapping[str, Any]


@dataclass(frozen=True)
class Flip:
    """Point production at another revision, if the Service is still as it was read."""

    service: str
    resource_version: str
    before: Mapping[str, str]
    after: Mapping[str, str]


@dataclass(frozen=True)
class Delete:
    """Delete one child, if it is still the same object."""

    kind: str
    name: str
    uid: str | None = None


@dataclass(frozen=True)
class Own:
    """Replace a child's owner references."""

    kind: str
    name: str
    uid: str
    owners: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Announce:
    """Tell the registry what production serves: stages first, then the alias, which is what is looked at afterwards."""

    registry: str
    model: str
    alias: str
    version: str
    sync_stages: bool


@dataclass(frozen=True)
class Checkpoint:
    """Keep a signed checkpoint of the audit log with the model version and with the revision, in this order."""

    revision: str
    covers: str
    """The newest entry that it has to cover."""
    registry: str | None
    """None: a connection that is not configured any more; the revision alone gets it."""
    model: str
    version: str


Action = CreateRevision | WriteRevision | Apply | OpenProduction | Flip | Delete | Own | Announce | Checkpoint


@dataclass(frozen=True)
class Decision:
    """Something that people want to find again: becomes a Kubernetes Event and an audit record.

    It is recorded in the write that it comes with: a WriteRevision's revision (`moves`), or the release's status where
    the plan changes facts. A decision that comes with neither is not recorded.
    """

    action: str
    """What was decided, in CamelCase; the reason of the Event."""
    revision: str
    message: str
    actor: str
    warning: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)
    """Figures and names; `from` and `to` are the phases, revisions or versions before and after."""
    evidence: Mapping[str, str] = field(default_factory=dict)
    """Gate → SHA-256 of its result."""
    effect: str | None = None
    """The effect that it is about, such as Flip."""
    outcome: Outcome = Outcome.DECIDED
    """Whether that effect is intended, done or dropped."""


@dataclass(frozen=True)
class Plan:
    """What one pass does: durable facts first, then one effect, then what to tell people, then when to look again."""

    action: Action | None = None
    decision: Decision | None = None
    facts: ReleaseStatus | None = None
    """The release's status with changed facts; None: unchanged."""
    again: float | None = None
    """Look again after so many seconds; None: when something changes."""
    stalled: tuple[str, str] | None = None
    """Reason and sentence: nothing goes on until a human acts."""
    waiting: str | None = None
    """What is being waited for, in one sentence."""


NOW = 0.0
"""Look again at once."""
