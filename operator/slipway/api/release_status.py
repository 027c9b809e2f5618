"""The status of a ModelRelease: what production serves, what is on its way, and the conditions that people wait on."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from slipway.api.base import Digest, Frozen, Timestamp
from slipway.api.outbox import Outbox

Text = Annotated[str, Field(max_length=4096)]


class RevisionRef(Frozen):
    """One revision, as a release points at it."""

    revision: str = Field(description="Name of the ModelRevision.")
    version: str = Field(description="Model version.")
    digest: Digest | None = Field(None, description="SHA-256 manifest digest of the model's artifacts.")
    since: Timestamp | None = Field(None, description="Since when the revision has this part.")


class HoldReason(StrEnum):
    """Why promotions are suspended."""

    PAUSED = "Paused"
    ROLLED_BACK = "RolledBack"
    AUTOMATIC_ROLLBACK = "AutomaticRollback"


class Hold(Frozen):
    """Promotions are suspended."""

    reason: HoldReason = Field(description="Why.")
    message: Text = Field(description="Why, and how to lift it.")
    since: Timestamp = Field(description="Since when.")


class Wanted(Frozen):
    """The version that the spec asks for and since when: what happened before that does not count against it."""

    version: str = Field(description="Model version.")
    since: Timestamp = Field(description="Since when the spec or the alias asks for it.")
    actor: str = Field("unverified", description="Who asked for it, as the API server knows it.")


class Rejected(Frozen):
    """A candidate that is not tried again until the alias moves on or spec.retry changes."""

    version: str = Field(description="Model version.")
    digest: Digest | None = Field(None, description="Digest of its artifacts, where it got as far as fetching them.")
    revision: str = Field(description="The ModelRevision with the evidence.")
    outcome: str = Field(description="How that revision ended.")
    reason: str = Field(description="Reason in one word.")
    message: Text = Field(description="Reason in one sentence.")
    retry: str = Field("", description="spec.retry at the time; another value allows another try.")


class RollbackTrigger(StrEnum):
    """What asked for a rollback."""

    USER = "User"
    PODS_UNREADY = "PodsUnready"
    SLO_BREACH = "SLOBreach"


class RollbackState(Frozen):
    """The last rollback: intent once decided, outcome once production was seen to serve the target."""

    request: str = Field(
        description="Identity of the request in spec.rollback, empty once lifted; or the revision taken back."
    )
    trigger: RollbackTrigger = Field(description="What asked for it.")
    to: str = Field(description="Revision that production goes back to.")
    from_revision: str = Field(description="Revision that production is taken away from.")
    reason: Text = Field("", description="Why.")
    actor: str = Field(description="Who asked, as the API server knows it, or the rule that fired.")
    retry: str = Field("", description="spec.retry at the time.")
    requested_at: Timestamp = Field(description="When it was decided.")
    completed_at: Timestamp | None = Field(None, description="When production was seen to serve the target.")


class TrafficShare(Frozen):
    """A revision's share of production traffic, as observed."""

    revision: str = Field(description="Name of the ModelRevision.")
    weight: int = Field(ge=0, le=100, description="Share in percent.")


class Condition(Frozen):
    """A standard Kubernetes condition."""

    type: str = Field(max_length=64, description="Name of the condition.")
    status: Literal["True", "False", "Unknown"] = Field(description="Whether it holds.")
    reason: str = Field(max_length=128, pattern=r"^[A-Za-z][A-Za-z0-9]*$", description="Why, in one word.")
    message: Text = Field("", description="Why, in one sentence.")
    last_transition_time: Timestamp = Field(description="When the status last changed.")
    observed_generation: int | None = Field(None, description="Generation of the spec that it was judged on.")


class ReleaseStatus(Frozen):
    """What was observed of a release, and the few facts that must outlive the operator's process."""

    observed_generation: int | None = Field(
        None, description="Generation of the spec that this status was computed from."
    )
    phase: str | None = Field(
        None, description="Where the release stands: the candidate's phase, or Live, Held, Idle, Stalled."
    )
    message: Text | None = Field(None, description="Where the release stands, in one sentence.")
    weight: int | None = Field(None, description="The candidate's share of production traffic in percent.")
    gate: str | None = Field(None, description="The gate that is running or that decided last, with its verdict.")
    live: RevisionRef | None = Field(None, description="The revision that production serves.")
    candidate: RevisionRef | None = Field(None, description="The revision on its way.")
    previous: RevisionRef | None = Field(None, description="The revision that production served before.")
    traffic: Annotated[tuple[TrafficShare, ...], Field(max_length=8)] = Field(
        default=(), description="Traffic as observed."
    )
    wanted: Wanted | None = Field(None, description="The version that the spec asks for.")
    hold: Hold | None = Field(None, description="Present: promotions are suspended.")
    rejected: Annotated[tuple[Rejected, ...], Field(max_length=16)] = Field(
        default=(), description="Candidates that are not tried again until the alias moves on or spec.retry changes."
    )
    rollback: RollbackState | None = Field(None, description="The last rollback.")
    last_revision: int = Field(0, ge=0, description="Number of the newest revision: the next one gets the next number.")
    production_alias_version: str | None = Field(
        None, description="Version that the production alias was last seen on after Slipway moved it."
    )
    intents: dict[str, Annotated[str, Field(max_length=128)]] = Field(
        default_factory=dict,
        max_length=8,
        description="Effects that were decided and whose outcome has not been seen yet, with what they are about.",
    )
    outbox: Outbox = Field(default=(), description="Audit records that wait for the audit store.")
    recorded: int = Field(0, ge=0, description="Number of the newest audit record of this object.")
    conditions: Annotated[tuple[Condition, ...], Field(max_length=16)] = Field(
        default=(),
        description="Ready, Reconciling, Stalled, Promoted, RegistryReachable, RollbackReady, SLOHealthy, Held.",
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
    )
