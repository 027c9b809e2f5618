"""ModelRelease: a served model and its release policy."""

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
    "message": "model.name is immutable; create another ModelRelease to serve another model",
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
    "message": "rollout.steps require traffic.router: Gateway; a Service has one selector and cannot split "
    "traffic by weight",
}
ROUTER_STAYS_DURING_AN_ATTEMPT = {
    "rule": "!has(self.status) || !has(self.status.candidate) || "
    "!has(self.spec.traffic) || !has(self.spec.traffic.router) || "
    "!has(oldSelf.spec.traffic) || !has(oldSelf.spec.traffic.router) || "
    "self.spec.traffic.router == oldSelf.spec.traffic.router",
    "message": "traffic.router cannot change while an attempt is in progress; change it after the attempt has ended",
}

ALIAS = r"^[A-Za-z0-9_\-]+$"


class Candidate(Frozen, json_schema_extra=validated(ONE_CANDIDATE_SOURCE)):
    """Where candidates come from."""

    alias: str | None = Field(
        None,
        pattern=ALIAS,
        max_length=255,
        description="MLflow alias to follow. Moving it to another version starts a release.",
    )
    version: str | None = Field(
        None, pattern=r"^[1-9][0-9]*$", max_length=19, description="A fixed version of the registered model."
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
        description="Name of the registered model in MLflow. Immutable.",
        json_schema_extra=validated(SAME_MODEL),
    )
    registry: ObjectName = Field(
        "default", description="Name of a registry connection configured by the administrator. URLs are not accepted."
    )
    candidate: Candidate = Field(description="What to release.")
    production_alias: str = Field(
        "production",
        pattern=ALIAS,
        max_length=255,
        description="MLflow alias that Slipway keeps on the version that production serves. A rollback moves it back.",
    )
    alias_conflict: AliasConflict = Field(
        AliasConflict.REPORT,
        description="What to do when someone else moves productionAlias. Report: report it and leave the "
        "alias unchanged. Restore: move it back, at most three times; the count resets after one "
        "hour without edits. Follow: treat it as a request and move production to that version, "
        "if production has served it before.",
    )
    lifecycle_stages: LifecycleStages = Field(
        LifecycleStages.IGNORE,
        description="Sync: keep MLflow's legacy stages (Staging, Production, Archived) in sync. Ignore: "
        "leave them unchanged.",
    )


class ReleaseSpec(Frozen, json_schema_extra=validated(STEPS_NEED_WEIGHTS)):
    """Desired state: the model to serve, the checks it must pass, and how it is rolled out and rolled back."""

    model: Model = Field(description="The registered model.")
    server: Server = Field(Server(), description="The inference server.")
    gates: Gates = Field(Gates(), description="Checks a revision must pass before it receives production traffic.")
    rollout: Rollout = Field(
        Rollout(), description="How a release is rolled out: canary steps, watch window, deadlines."
    )
    slo: SLO = Field(SLO(), description="Service-level objectives for production.")
    traffic: Traffic = Field(Traffic(), description="How production traffic is routed.")
    notifications: Notifications = Field(
        Notifications(), description="Channels that are notified of events of this release."
    )
    rollback: Rollback | None = Field(
        None, description="If set, production is rolled back to this target and stays there until the field is removed."
    )
    paused: bool = Field(False, description="If true, no promotion starts or completes. Rollbacks still work.")
    retry: str | None = Field(
        None,
        max_length=63,
        description="Set to a different value to retry the current candidate after it was rejected.",
    )
    resume: str | None = Field(
        None,
        pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?/[1-9][0-9]?$",
        max_length=66,
        description="REVISION/STEP, with steps counted from 1. Resumes that canary step and all steps before it.",
    )
    revision_history_limit: int = Field(
        10, ge=1, le=100, description="Number of finished revisions to keep. Older ones are deleted."
    )
    deletion_policy: DeletionPolicy = Field(
        DeletionPolicy.DELETE,
        description="What happens to serving objects when the ModelRelease is deleted. Delete: delete them "
        "too. Orphan: leave them running.",
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
    """A served model and its release policy. Long-lived: each new version becomes a ModelRevision."""

    metadata: Metadata
    spec: ReleaseSpec
    status: ReleaseStatus = Field(ReleaseStatus())

    @classmethod
    def parse(cls, manifest: dict[str, Any]) -> ModelRelease:
        """The release in `manifest`, as the API server returned it.

        Raises pydantic.ValidationError for an object that the schema would not admit today.
        """
        return cls.model_validate(manifest)
