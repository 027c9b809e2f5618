"""The effects that a plan can ask for: each is one atomic write, and asking twice is harmless."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from slipway.api.actors import Actor
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
class Resize:
    """Give a Deployment another number of pods, if it is still the same object. Its pod template stays as it is."""

    kind: str
    name: str
    uid: str
    replicas: int


@dataclass(frozen=True)
class OpenProduction:
    """Create the object that production traffic follows: the Service, or the route. Never touches one that exists."""

    manifest: Mapping[str, Any]


@dataclass(frozen=True)
class Shift:
    """Move production traffic in one write, if the object that it follows is still as it was read."""

    kind: str
    name: str
    resource_version: str
    after: Mapping[str, Any]
    """JSON pointer → what is to stand there."""
    flips: str | None = None
    """The revision that all of production moves to; None: a share, or what follows a flip."""


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


Action = CreateRevision | WriteRevision | Apply | Resize | OpenProduction | Shift | Delete | Own | Announce | Checkpoint


def subject(action: Action) -> str:
    """What `action` writes, in a few words: the object, and for a flip its target too, which is another wish."""
    match action:
        case CreateRevision(manifest) | Apply(manifest) | OpenProduction(manifest):
            return f"{manifest['kind']} {manifest['metadata']['name']}"
        case Shift(flips=str(target)):
            return f"{action.kind} {action.name}, which is to send everything to {target}"
        case Announce():
            return f"alias {action.alias} of {action.model}"
        case WriteRevision(name) | Checkpoint(name):
            return f"ModelRevision {name}"
        case Shift(kind, name) | Delete(kind, name) | Own(kind, name) | Resize(kind, name):
            return f"{kind} {name}"


@dataclass(frozen=True)
class Decision:
    """Something that people want to find again: becomes a Kubernetes Event and an audit record.

    `outbox.recorded` puts it into the write that it comes with.
    """

    action: str
    """What was decided, in CamelCase; the reason of the Event."""
    revision: str
    message: str
    actor: Actor
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
    """What one pass does: durable facts first, then one effect, then what to tell people, then when to look again.

    A decision comes with exactly one write that it is recorded in and that keeps it from being made again: facts, a
    revision's status, or a new revision, which is its own record. Raises ValueError for any other.
    """

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
    step: str | None = None
    """The step of the planner that said so; None: none had anything to do."""

    def __post_init__(self) -> None:
        """See the class."""
        records = (self.facts is not None) + isinstance(self.action, CreateRevision | WriteRevision)
        if self.decision is not None and records != 1:
            raise ValueError(f"decision {self.decision.action} has {records} writes to be recorded in, not one")


NOW = 0.0
"""Look again at once."""
