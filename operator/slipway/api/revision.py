"""ModelRevision: one immutable bundle and the evidence of what happened to it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from slipway.api.base import Digest, Frozen, ObjectName, Timestamp, validated
from slipway.api.gates.specs import Gates
from slipway.api.gates.verdict import GateResult
from slipway.api.outbox import Outbox
from slipway.api.policy import SLO, Rollout
from slipway.api.release import Metadata
from slipway.api.workload import Server

IMMUTABLE = {"rule": "self == oldSelf", "message": "spec is immutable: a ModelRevision is evidence"}


class Phase(StrEnum):
    """Where a revision stands."""

    PENDING = "Pending"
    FETCHING = "Fetching"
    STAGING = "Staging"
    GATING = "Gating"
    CANARY = "Canary"
    PROMOTING = "Promoting"
    WATCHING = "Watching"
    LIVE = "Live"
    RETIRED = "Retired"
    REJECTED = "Rejected"
    INCONCLUSIVE = "Inconclusive"
    SUPERSEDED = "Superseded"
    ABORTED = "Aborted"
    ROLLED_BACK = "RolledBack"


class AttemptOutcome(StrEnum):
    """How an attempt ended."""

    PROMOTED = "Promoted"
    REJECTED = "Rejected"
    INCONCLUSIVE = "Inconclusive"
    SUPERSEDED = "Superseded"
    ABORTED = "Aborted"
    ROLLED_BACK = "RolledBack"


class PinnedModel(Frozen):
    """One exact model version. Nothing downstream of a revision ever sees an alias."""

    name: str = Field(description="Registered model.")
    registry: ObjectName = Field(description="Registry connection.")
    version: str = Field(description="Model version.")
    model_id: str | None = Field(None, description="MLflow's id of the logged model.")
    run_id: str | None = Field(None, description="Run that made it.")
    author: str | None = Field(None, description="Author of the version, from its MLflow tag author.")
    digest: Digest | None = Field(
        None, description="Digest in the version's tag model.digest when the revision was created."
    )


class PinnedServer(Frozen):
    """The exact pod configuration."""

    image: str = Field(description="Server image, resolved when the revision was created.")
    native_image: str = Field(description="Image of the init container, resolved when the revision was created.")
    config: Server = Field(description="Replicas, resources and pod template when the revision was created.")


class Policy(Frozen):
    """The policy that the revision was started under; later edits never relabel its verdicts."""

    gates: Gates = Field(description="Gates when the revision was created.")
    rollout: Rollout = Field(description="Rollout settings when the revision was created.")
    slo: SLO = Field(description="Objectives when the revision was created.")


class Intake(Frozen):
    """Why the revision exists."""

    alias: str | None = Field(None, description="Alias that pointed at the version.")
    since: Timestamp = Field(description="When the version was requested.")
    generation: int = Field(description="Generation of the ModelRelease.")
    retry: str = Field("", description="spec.retry at intake.")
    actor: str = Field(description="Who requested it, as authenticated by the API server; otherwise unverified.")


class RevisionSpec(Frozen, json_schema_extra=validated(IMMUTABLE)):
    """The bundle: everything that determines what the pods serve and how they are judged."""

    release: ObjectName = Field(description="The ModelRelease.")
    number: int = Field(ge=1, description="Number of the revision within the release.")
    model: PinnedModel = Field(description="The model version.")
    server: PinnedServer = Field(description="The pod configuration.")
    policy: Policy = Field(description="The policy.")
    serving_hash: str = Field(max_length=16, description="Hash of what the pods serve: model version and server.")
    policy_hash: str = Field(max_length=16, description="Hash of the policy the revision is judged by.")
    intake: Intake = Field(description="Why the revision exists.")


class Timing(Frozen):
    """How long a phase took."""

    phase: Phase = Field(description="The phase.")
    started_at: Timestamp = Field(description="When it started.")
    ended_at: Timestamp | None = Field(None, description="When it ended.")


class Fetched(Frozen):
    """What the init container reported about the artifacts."""

    digest: Digest = Field(description="SHA-256 manifest digest.")
    size_bytes: int | None = Field(None, ge=0, description="Size of the artifacts.")
    flavor: str | None = Field(None, max_length=64, description="MLflow flavour that serves.")
    compiled: bool | None = Field(None, description="Whether a compiled form was proved equal and is served.")
    message: str | None = Field(None, max_length=1024, description="Why the model was or was not compiled.")


class Counted(Frozen):
    """Raw request counters, added up over pods and their restarts."""

    requests: int = Field(0, ge=0, description="Requests answered.")
    slow: int = Field(0, ge=0, description="Requests slower than the latency objective.")
    errors: int = Field(0, ge=0, description="Requests answered with a 5xx status.")
    timed: int | None = Field(
        None,
        ge=0,
        description="Requests that latency is judged on: those of no more rows than slo.latency.maxRows. "
        "Absent: all of them.",
    )

    @property
    def by_latency(self) -> int:
        """Requests that latency is judged on, the slow ones among them."""
        return self.requests if self.timed is None else self.timed

    def out_of(self, key: str) -> int:
        """The requests that `key`, slow or errors, is a part of."""
        return self.by_latency if key == "slow" else self.requests


class Beside(Counted):
    """What production answered while the candidate had its share of the traffic."""

    expected_slow: float = Field(
        0, ge=0, description="Slow requests of both sides that would be the candidate's by its share of the requests."
    )
    expected_errors: float = Field(
        0, ge=0, description="Errors of both sides that would be the candidate's by its share of the requests."
    )


class Mark(Frozen):
    """What else was last read from a pod, beside its baseline."""

    started: Timestamp | None = Field(None, description="When the process started that had counted it.")
    timed: int | None = Field(None, ge=0, description="Requests that latency is judged on. Absent: all of them.")


class Watched(Counted):
    """Raw request counters of a revision while it is judged, as read from its pods."""

    since: Timestamp | None = Field(
        None, description="When the pods were first read after the flip. Earlier requests are not known."
    )
    read_at: Timestamp | None = Field(None, description="When the pods were last read.")
    production: Beside | None = Field(None, description="What production answered in the same time, if it was read.")
    state: str | None = Field(None, max_length=32, description="Judgement when the counters were last recorded.")
    figures: dict[str, float] = Field(
        default_factory=dict,
        max_length=32,
        description="Values behind the judgement: e-values, their threshold, and the median number of "
        "requests needed to detect a revision at three times its objective.",
    )
    baseline: dict[str, Annotated[tuple[int, int, int], Field(json_schema_extra={"items": {"type": "integer"}})]] = (
        Field(
            default_factory=dict,
            max_length=400,
            description="Counters last read from each pod: requests, slow, errors.",
        )
    )
    marks: dict[str, Mark] | None = Field(
        None, max_length=400, description="What else was last read from each pod of the baseline."
    )
    unread: str | None = Field(
        None, max_length=512, description="Which ready pods could not be read when the others last were, and why."
    )


class Canary(Frozen):
    """The current canary step: the share it was given, and the requests it answered."""

    step: int = Field(ge=1, description="Number of the step, counted from 1.")
    weight: int = Field(ge=1, le=99, description="Share of production traffic in percent that the step requests.")
    against: str = Field(description="The revision that served production when the canary began.")
    entered_at: Timestamp | None = Field(None, description="When the step was decided.")
    step_started_at: Timestamp | None = Field(
        None, description="When the route was observed to have that weight and a gateway had programmed it."
    )
    requests: int = Field(0, ge=0, description="Requests that it answered in this step.")
    of: int = Field(0, ge=0, description="Requests that both sides answered in this step.")
    watched: Watched = Field(Watched(), description="Request counters of all its steps.")


class Drain(Frozen):
    """What was last observed of the pods of a revision that is no longer in use."""

    since: Timestamp = Field(description="When it became due to be scaled down.")
    read_at: Timestamp | None = Field(None, description="When its pods were last read.")
    requests: int = Field(0, ge=0, description="Requests they had answered by then.")
    in_flight: int = Field(0, ge=0, description="Requests in flight at that time.")


class Consent(Frozen):
    """Manual approval, as requested and given."""

    waiting_since: Timestamp | None = Field(None, description="When all other gates had answered.")
    approved: Digest | None = Field(None, description="The digest observed in spec.gates.approval.approved.")
    given_at: Timestamp | None = Field(None, description="When the digest was first observed there.")
    approver: str | None = Field(
        None, description="Who set it, as authenticated by the API server. Empty if not known."
    )


class RevisionStatus(Frozen):
    """Observed state of the revision, and the evidence of its release."""

    phase: Phase = Field(Phase.PENDING, description="Phase of the revision.")
    reason: str | None = Field(None, max_length=128, description="Machine-readable reason for the phase.")
    message: str | None = Field(None, max_length=4096, description="Human-readable message for the phase.")
    digest: Digest | None = Field(
        None, description="Pinned digest: from the version's tag, or first seen by the first pod."
    )
    fetched: Fetched | None = Field(None, description="What the init container reported.")
    gates: Annotated[tuple[GateResult, ...], Field(max_length=32)] = Field(
        default=(), description="Each gate's verdict and evidence."
    )
    consent: Consent | None = Field(None, description="Manual approval, if requested or given.")
    timings: Annotated[tuple[Timing, ...], Field(max_length=32)] = Field(
        default=(), description="When each phase started and ended."
    )
    canary: Canary | None = Field(None, description="The current or last canary step.")
    watched: Watched | None = Field(None, description="Request counters since the flip.")
    production_before: Watched | None = Field(
        None, description="Request counters of production while this revision was in progress."
    )
    drain: Drain | None = Field(
        None, description="Set once the revision is due to be scaled to zero: whether clients still use it."
    )
    outcome: AttemptOutcome | None = Field(None, description="How the attempt ended.")
    flipped_at: Timestamp | None = Field(None, description="When production was observed to serve it.")
    replaced_at: Timestamp | None = Field(None, description="When production was observed to serve another revision.")
    expired_at: Timestamp | None = Field(
        None, description="When it exceeded the history limit. It is deleted once the audit store has its records."
    )
    outbox: Outbox = Field(default=(), description="Audit records not yet written to the audit store.")
    recorded: int = Field(0, ge=0, description="Number of the newest audit record of this object.")


class ModelRevision(Frozen):
    """An immutable bundle of model version, server and policy, with the evidence of its release."""

    metadata: Metadata
    spec: RevisionSpec
    status: RevisionStatus = Field(RevisionStatus())

    @classmethod
    def parse(cls, manifest: dict[str, Any]) -> ModelRevision:
        """The revision in `manifest`, as the API server returned it. Raises pydantic.ValidationError."""
        return cls.model_validate(manifest)

    @property
    def name(self) -> str:
        """Name of the object."""
        return self.metadata.name

    @property
    def digest(self) -> str | None:
        """The digest that every pod of this revision is held to, once there is one."""
        return self.spec.model.digest or self.status.digest
