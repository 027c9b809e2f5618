"""The status of a ModelRelease: what production serves, what is on its way, and the conditions that people wait on."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from slipway.api.base import Digest, Frozen, Timestamp
from slipway.api.outbox import Outbox
from slipway.api.traffic import Router

Text = Annotated[str, Field(max_length=4096)]


class RevisionRef(Frozen):
    """One revision, as a release points at it."""

    revision: str = Field(description="Name of the ModelRevision.")
    version: str = Field(description="Model version.")
    digest: Digest | None = Field(None, description="SHA-256 manifest digest of the model's artifacts.")
    since: Timestamp | None = Field(None, description="When the revision took this role.")


class HoldReason(StrEnum):
    """Why promotions are suspended."""

    PAUSED = "Paused"
    ROLLED_BACK = "RolledBack"
    AUTOMATIC_ROLLBACK = "AutomaticRollback"


class Hold(Frozen):
    """Promotions are suspended."""

    reason: HoldReason = Field(description="Why.")
    message: Text = Field(description="Reason, and how to lift the hold.")
    since: Timestamp = Field(description="Since when.")


class Wanted(Frozen):
    """The requested version, and since when. Earlier failures do not count against it."""

    version: str = Field(description="Model version.")
    since: Timestamp = Field(description="When the spec or the alias started to request it.")
    actor: str = Field(
        "unverified", description="Who requested it, as authenticated by the API server; otherwise unverified."
    )


class Rejected(Frozen):
    """A candidate that is not retried until the alias moves or spec.retry changes."""

    version: str = Field(description="Model version.")
    digest: Digest | None = Field(None, description="Digest of its artifacts, if they were fetched.")
    revision: str = Field(description="The ModelRevision with the evidence.")
    outcome: str = Field(description="How that revision ended.")
    reason: str = Field(description="Reason in one word.")
    message: Text = Field(description="Reason in one sentence.")
    retry: str = Field("", description="Value of spec.retry at that time. A different value allows a retry.")


class RollbackTrigger(StrEnum):
    """What asked for a rollback."""

    USER = "User"
    PODS_UNREADY = "PodsUnready"
    SLO_BREACH = "SLOBreach"
    NO_DATA = "NoData"
    ALIAS_MOVED = "AliasMoved"


class RollbackState(Frozen):
    """The last rollback: intent once decided, outcome once production was seen to serve the target."""

    request: str = Field(
        description="Identity of the request in spec.rollback, empty once lifted; or the revision taken back."
    )
    trigger: RollbackTrigger = Field(description="What triggered it.")
    to: str = Field(description="Revision that production is rolled back to.")
    from_revision: str = Field(description="Revision that production is rolled back from.")
    reason: Text = Field("", description="Why.")
    actor: str = Field(description="Who requested it, as authenticated by the API server, or the rule that fired.")
    retry: str = Field("", description="spec.retry at the time.")
    figures: dict[str, float] = Field(
        default_factory=dict, max_length=32, description="The values the decision was based on, if a rule fired."
    )
    requested_at: Timestamp = Field(description="When it was decided.")
    completed_at: Timestamp | None = Field(None, description="When production was seen to serve the target.")


class AliasEdit(Frozen):
    """Somebody else moved the production alias."""

    version: str = Field("", description="Version it was moved to. Empty if it was removed.")
    seen_at: Timestamp = Field(description="When that was first seen.")
    restores: int = Field(0, ge=0, description="How often the alias was restored. Resets after one hour without edits.")
    agreed_since: Timestamp | None = Field(None, description="When the alias matched production again.")


class TrafficShare(Frozen):
    """A revision's share of production traffic, as observed."""

    revision: str = Field(description="Name of the ModelRevision.")
    weight: int = Field(ge=0, le=100, description="Share in percent, as set in the Service or HTTPRoute.")
    observed: float | None = Field(
        None, ge=0, le=100, description="Share in percent of the requests that were counted during the canary step."
    )


class Condition(Frozen):
    """A standard Kubernetes condition."""

    type: str = Field(max_length=64, description="Name of the condition.")
    status: Literal["True", "False", "Unknown"] = Field(description="Whether it holds.")
    reason: str = Field(max_length=128, pattern=r"^[A-Za-z][A-Za-z0-9]*$", description="Machine-readable reason.")
    message: Text = Field("", description="Human-readable message.")
    last_transition_time: Timestamp = Field(description="When the status last changed.")
    observed_generation: int | None = Field(None, description="Generation of the spec the condition is based on.")


class ReleaseStatus(Frozen):
    """Observed state of the release, and the facts that must survive a restart of the operator."""

    observed_generation: int | None = Field(
        None, description="Generation of the spec that this status was computed from."
    )
    phase: str | None = Field(
        None, description="Phase of the release: the candidate's phase, or Live, Held, Idle, Stalled."
    )
    message: Text | None = Field(None, description="Human-readable summary of the release.")
    weight: int | None = Field(None, description="The candidate's share of production traffic in percent.")
    gate: str | None = Field(None, description="The gate that is running or decided last, with its verdict.")
    live: RevisionRef | None = Field(None, description="The revision that production serves.")
    candidate: RevisionRef | None = Field(None, description="The revision in progress.")
    previous: RevisionRef | None = Field(None, description="The revision that production served before.")
    traffic: Annotated[tuple[TrafficShare, ...], Field(max_length=8)] = Field(
        default=(), description="Traffic as observed."
    )
    router: Router = Field(Router.SERVICE, description="The router in use.")
    wanted: Wanted | None = Field(None, description="The requested version.")
    hold: Hold | None = Field(None, description="If set, promotions are suspended.")
    rejected: Annotated[tuple[Rejected, ...], Field(max_length=16)] = Field(
        default=(), description="Candidates that are not retried until the alias moves or spec.retry changes."
    )
    rollback: RollbackState | None = Field(None, description="The last rollback.")
    last_revision: int = Field(0, ge=0, description="Number of the newest revision.")
    production_alias_version: str | None = Field(
        None, description="Version that the production alias was last seen on after Slipway moved it."
    )
    intents: dict[str, Annotated[str, Field(max_length=128)]] = Field(
        default_factory=dict,
        max_length=8,
        description="Effects that were decided but whose outcome has not been observed yet, by subject.",
    )
    outbox: Outbox = Field(default=(), description="Audit records that wait for the audit store.")
    recorded: int = Field(0, ge=0, description="Number of the newest audit record of this object.")
    alias_edit: AliasEdit | None = Field(None, description="The last time someone else moved productionAlias.")
    conditions: Annotated[tuple[Condition, ...], Field(max_length=16)] = Field(
        default=(),
        description="Ready, Reconciling, Stalled, Promoted, RegistryReachable, RollbackReady, SLOHealthy, Held; "
        "with router Gateway also RouteAccepted.",
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
    )
