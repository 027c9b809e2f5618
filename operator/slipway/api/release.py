"""ModelRelease: one served model and its policy, for as long as it lives."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from slipway.api.base import Frozen, ObjectName, validated
from slipway.api.gates.specs import Gates
from slipway.api.policy import SLO, DeletionPolicy, Notifications, Rollback, Rollout
from slipway.api.release_status import ReleaseStatus
from slipway.api.traffic import Traffic
from slipway.api.workload import Server

ONE_CANDIDATE_SOURCE = {
    "rule": "has(self.alias) != has(self.version)",
    "message": "name exactly one source of candidates: candidate.alias (followed) or candidate.version (fixed)",
}
SAME_MODEL = {
    "rule": "self == oldSelf",
    "message": "a release serves one model for as long as it lives; make another ModelRelease for another model",
}
ALIASES_DIFFER = {
    "rule": "!has(self.candidate.alias) || !has(self.productionAlias) || self.candidate.alias != self.productionAlias",
    "message": "candidate.alias and productionAlias must differ: one says what to release, the other what is released",
}
NAME_FITS_A_SERVICE = {
    "rule": "size(self.metadata.name) <= 40 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
    "message": "metadata.name becomes a Service's name: at most 40 of a-z, 0-9 and -, starting with a letter",
}
STEPS_NEED_WEIGHTS = {
    "rule": "!has(self.rollout) || !has(self.rollout.steps) || size(self.rollout.steps) == 0 || "
    "(has(self.traffic) && has(self.traffic.router) && self.traffic.router == 'Gateway')",
    "message": "rollout.steps need traffic.router: Gateway; a Service has one selector, so it sends production either "
    "all to one revision or all to the other, and cannot give a candidate a weight",
}
ROUTER_STAYS_DURING_AN_ATTEMPT = {
    "rule": "!has(self.status) || !has(self.status.candidate) || "
    "!has(self.spec.traffic) || !has(self.spec.traffic.router) || "
    "!has(oldSelf.spec.traffic) || !has(oldSelf.spec.traffic.router) || "
    "self.spec.traffic.router == oldSelf.spec.traffic.router",
    "message": "traffic.router cannot change while a candidate is on its way; change it when the attempt has ended",
}

ALIAS = r"^[A-Za-z0-9_\-]+$"


class Candidate(Frozen, json_schema_extra=validated(ONE_CANDIDATE_SOURCE)):
    """Where candidates come from."""

    alias: str | None = Field(
        None,
        pattern=ALIAS,
        max_length=255,
        description="MLflow alias to follow: moving it to another version is a release.",
    )
    version: str | None = Field(
        None, pattern=r"^[1-9][0-9]*$", max_length=19, description="One fixed version of the registered model."
    )


class LifecycleStages(StrEnum):
    """Whether MLflow's older stages follow the release."""

    SYNC = "Sync"
    IGNORE = "Ignore"


class AliasConflict(StrEnum):
    """What follows when somebody moves the production alias by hand."""

    REPORT = "Report"
    RESTORE = "Restore"
    FOLLOW = "Follow"


class Model(Frozen, json_schema_extra=validated(ALIASES_DIFFER)):
    """Which registered model is served, and how the registry is kept in step."""

    name: str = Field(
        min_length=1,
        max_length=200,
        pattern=r"^[^/:\x00-\x1f]+$",
        description="Name of the registered model in MLflow. It cannot be changed.",
        json_schema_extra=validated(SAME_MODEL),
    )
    registry: ObjectName = Field(
        "default", description="Registry connection that the operator's administrator configured, by name: never a URL."
    )
    candidate: Candidate = Field(description="What to release.")
    production_alias: str = Field(
        "production",
        pattern=ALIAS,
        max_length=255,
        description="MLflow alias that is moved to what production serves, and back by a rollback.",
    )
    alias_conflict: AliasConflict = Field(
        AliasConflict.REPORT,
        description="When somebody else moves productionAlias: Report says so and leaves it. Restore moves it back, "
        "three times at most until it has stayed for an hour. Follow takes it as a wish and moves production to that "
        "version, if production has served it before.",
    )
    lifecycle_stages: LifecycleStages = Field(
        LifecycleStages.IGNORE,
        description="Sync keeps MLflow's older stages (Staging, Production, Archived) in step; Ignore leaves them.",
    )


class ReleaseSpec(Frozen, json_schema_extra=validated(STEPS_NEED_WEIGHTS)):
    """What is served, what it must prove, and how it is rolled out and taken back."""

    model: Model = Field(description="The registered model.")
    server: Server = Field(Server(), description="The inference server.")
    gates: Gates = Field(Gates(), description="Proofs that a revision owes before production is flipped to it.")
    rollout: Rollout = Field(Rollout(), description="The pace of a release.")
    slo: SLO = Field(SLO(), description="What production owes its users.")
    traffic: Traffic = Field(Traffic(), description="How production traffic is moved.")
    notifications: Notifications = Field(Notifications(), description="Who hears of what happens to the release.")
    rollback: Rollback | None = Field(
        None, description="Present: production is rolled back to this target and held there."
    )
    paused: bool = Field(False, description="No promotion starts or completes while true; a rollback still works.")
    retry: str | None = Field(
        None,
        max_length=63,
        description="Change it to any other text to try the current candidate again after it was rejected.",
    )
    resume: str | None = Field(
        None,
        pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?/[1-9][0-9]?$",
        max_length=66,
        description="REVISION/STEP, counted from 1: lifts the pause of that canary step and of those before it.",
    )
    revision_history_limit: int = Field(
        10, ge=1, le=100, description="Finished revisions to keep; older ones are deleted."
    )
    deletion_policy: DeletionPolicy = Field(
        DeletionPolicy.DELETE,
        description="Delete removes what serves together with the ModelRelease; Orphan leaves it serving.",
    )


class Metadata(Frozen):
    """The parts of Kubernetes' object metadata that Slipway reads."""

    name: str
    namespace: str
    uid: str
    generation: int = 1
    resource_version: str = ""
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)


class ModelRelease(Frozen):
    """One served model, its policy, for as long as it lives."""

    metadata: Metadata
    spec: ReleaseSpec
    status: ReleaseStatus = Field(ReleaseStatus())

    @classmethod
    def parse(cls, manifest: dict[str, Any]) -> ModelRelease:
        """The release in `manifest`, as the API server returned it.

        Raises pydantic.ValidationError for an object that the schema would not admit today.
        """
        return cls.model_validate(manifest)
