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

IMMUTABLE = {"rule": "self == oldSelf", "message": "a ModelRevision is evidence: its spec cannot be changed"}


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


class Outcome(StrEnum):
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
    author: str | None = Field(None, description="Who registered the version, by its tag author.")
    digest: Digest | None = Field(None, description="Digest that the version's model.digest tag promised at intake.")


class PinnedServer(Frozen):
    """The exact pod configuration."""

    image: str = Field(description="Server image, resolved at intake.")
    native_image: str = Field(description="Image of the init container, resolved at intake.")
    config: Server = Field(description="Replicas, resources and pod template at intake.")


class Policy(Frozen):
    """The policy that the revision was started under; later edits never relabel its verdicts."""

    gates: Gates = Field(description="Gates as they stood at intake.")
    rollout: Rollout = Field(description="Pace as it stood at intake.")
    slo: SLO = Field(description="Objectives as they stood at intake.")


class Intake(Frozen):
    """Why the revision exists."""

    alias: str | None = Field(None, description="Alias that pointed at the version.")
    since: Timestamp = Field(description="Since when the version was wanted.")
    generation: int = Field(description="Generation of the ModelRelease.")
    retry: str = Field("", description="spec.retry at intake.")
    actor: str = Field(description="Who asked, as the API server knows it; otherwise unverified.")


class RevisionSpec(Frozen, json_schema_extra=validated(IMMUTABLE)):
    """The bundle: everything that decides what the pods serve and how it was judged."""

    release: ObjectName = Field(description="The ModelRelease.")
    number: int = Field(ge=1, description="Running number inside the release.")
    model: PinnedModel = Field(description="The model version.")
    server: PinnedServer = Field(description="The pod configuration.")
    policy: Policy = Field(description="The policy.")
    serving_hash: str = Field(max_length=16, description="Hash of model and server: what the pods serve.")
    policy_hash: str = Field(max_length=16, description="Hash of the policy: how it is judged.")
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
    compiled: bool | None = Field(None, description="Whether a compiled form was proven equal and is served.")
    message: str | None = Field(None, max_length=1024, description="Why it was or was not compiled.")


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
        None, description="When the pods were first read after the flip: what they answered before is not known."
    )
    read_at: Timestamp | None = Field(None, description="When the pods were last read.")
    production: Beside | None = Field(None, description="What production answered in the same time, where it was read.")
    state: str | None = Field(
        None, max_length=32, description="What the counters said when they were last written down."
    )
    figures: dict[str, float] = Field(
        default_factory=dict,
        max_length=32,
        description="The figures behind that: e-values, their threshold, the median number of requests to detect a "
        "revision three times over its objective.",
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
    """The canary step that the revision is at: what it was given, and what it did with it."""

    step: int = Field(ge=1, description="Number of the step, counted from 1.")
    weight: int = Field(ge=1, le=99, description="Share of production traffic in percent that the step asks for.")
    against: str = Field(description="The revision that served production when the canary began.")
    entered_at: Timestamp | None = Field(None, description="When the step was decided.")
    step_started_at: Timestamp | None = Field(
        None, description="When the route was seen to give it that weight, and a gateway to carry it out."
    )
    requests: int = Field(0, ge=0, description="Requests that it answered in this step.")
    of: int = Field(0, ge=0, description="Requests that both sides answered in this step.")
    watched: Watched = Field(Watched(), description="Request counters of all its steps.")


class Drain(Frozen):
    """What was last seen of the pods of a revision that nothing should use any more."""

    since: Timestamp = Field(description="Since when it was to be scaled down.")
    read_at: Timestamp | None = Field(None, description="When its pods were last read.")
    requests: int = Field(0, ge=0, description="Requests that they had answered then.")
    in_flight: int = Field(0, ge=0, description="Requests that they were answering then.")


class Consent(Frozen):
    """A human's consent, as it was seen to be asked for and given."""

    waiting_since: Timestamp | None = Field(None, description="When all other gates had answered.")
    approved: Digest | None = Field(None, description="The digest that spec.gates.approval.approved was seen to name.")
    given_at: Timestamp | None = Field(None, description="When it was first seen to name it.")
    approver: str | None = Field(None, description="Who set it, as the API server knows it; empty: not known.")


class RevisionStatus(Frozen):
    """Where the revision stands and the evidence of what happened to it."""

    phase: Phase = Field(Phase.PENDING, description="Where the revision stands.")
    reason: str | None = Field(None, max_length=128, description="Why it stands there, in one word.")
    message: str | None = Field(None, max_length=4096, description="Why it stands there, in one sentence.")
    digest: Digest | None = Field(
        None, description="Pinned digest: from the version's tag, or first seen by the first pod."
    )
    fetched: Fetched | None = Field(None, description="What the init container reported.")
    gates: Annotated[tuple[GateResult, ...], Field(max_length=32)] = Field(
        default=(), description="Each gate's verdict and evidence."
    )
    consent: Consent | None = Field(None, description="A human's consent, where one was asked for or given.")
    timings: Annotated[tuple[Timing, ...], Field(max_length=32)] = Field(
        default=(), description="When each phase started and ended."
    )
    canary: Canary | None = Field(None, description="The canary step that it is at, or ended at.")
    watched: Watched | None = Field(None, description="Request counters since the flip.")
    production_before: Watched | None = Field(
        None, description="Request counters of production while this revision was on its way."
    )
    drain: Drain | None = Field(
        None, description="Present once it is to be scaled to zero: whether anybody still uses it."
    )
    outcome: Outcome | None = Field(None, description="How the attempt ended.")
    flipped_at: Timestamp | None = Field(None, description="When production was seen to serve it.")
    replaced_at: Timestamp | None = Field(None, description="When production was seen to serve another revision.")
    expired_at: Timestamp | None = Field(
        None, description="When it fell out of the history: it is deleted once the audit store has its records."
    )
    outbox: Outbox = Field(default=(), description="Audit records that wait for the audit store.")
    recorded: int = Field(0, ge=0, description="Number of the newest audit record of this object.")


class ModelRevision(Frozen):
    """One immutable bundle and the evidence of what happened to it."""

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
