"""The gates part of a ModelRelease: which proofs a revision owes before production is flipped to it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.config import JsonDict

from slipway.api.base import Digest, Duration, Frozen, ObjectName, Ratio, validated
from slipway.api.gates.base import ErrorPolicy, Gate, JobGate, OnInconclusive, UncertainGate
from slipway.api.gates.metric import (
    HIGHER_IS_BETTER,
    LOWER_IS_BETTER,
    Dataset,
    Direction,
    MetricGate,
    MetricMode,
    MetricSource,
    Segments,
)
from slipway.api.workload import EnvVar, Resources

__all__ = [
    "HIGHER_IS_BETTER",
    "LOWER_IS_BETTER",
    "ApprovalGate",
    "ContractGate",
    "CustomGate",
    "Dataset",
    "Direction",
    "ErrorPolicy",
    "Gate",
    "Gates",
    "GovernanceGate",
    "JobGate",
    "MetricGate",
    "MetricMode",
    "MetricSource",
    "OnInconclusive",
    "Segments",
    "SmokeBatch",
    "SmokeGate",
    "SmokeRequests",
    "UncertainGate",
]

MIN_SMOKE_REQUESTS = 59
"""Fewer requests cannot show a 95th percentile with 95 % confidence: 0.95**59 is the first power below 0.05."""

LOAD_FITS_TIMEOUT = {
    "rule": "double(self.requests + self.warmUp) / self.rate + (has(self.batch) ? double(self.batch.requests) / "
    "self.batch.rate : 0.0) < double(duration(self.timeout).getSeconds())",
    "message": "requests and warmUp at this rate take longer than timeout; send fewer, faster, or raise the timeout",
}

BY_NAME: JsonDict = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}
"""A name stands once: results are kept by name."""


class SmokeRequests(Frozen):
    """Requests of the user's own instead of the model's input example."""

    config_map: ObjectName = Field(description="ConfigMap in the release's namespace.")
    key: str = Field(
        "requests.jsonl",
        max_length=253,
        pattern=r"^[A-Za-z0-9_.\-]+$",
        description="Its key with one /invocations request body (JSON) per line.",
    )


class SmokeBatch(Frozen):
    """A second load of multi-row requests."""

    rows: int = Field(32, ge=2, le=10_000, description="Rows in each request.")
    p95: Duration = Field("1s", description="Latency that at most 5 % of these requests may exceed.")
    requests: int = Field(100, ge=MIN_SMOKE_REQUESTS, le=100_000, description="Requests to send.")
    rate: float = Field(10.0, gt=0, le=10_000, description="Requests per second.")


class SmokeGate(JobGate, json_schema_extra=validated(LOAD_FITS_TIMEOUT)):
    """A fixed-rate load on the staged pods, from a Job beside them."""

    p95: Duration = Field(
        "200ms", description="Latency that at most 5 % of requests may exceed, shown with 95 % confidence."
    )
    max_error_ratio: Ratio = Field(
        0.0, description="Share of requests that may fail: no answer, a status other than 200, or a wrong answer."
    )
    requests: int = Field(
        500,
        ge=MIN_SMOKE_REQUESTS,
        le=100_000,
        description="Number of requests to send after the warm-up. A p95 cannot be shown with 95 % "
        "confidence by fewer than 59.",
    )
    rate: float = Field(
        100.0,
        gt=0,
        le=10_000,
        description="Requests per second. The schedule does not depend on responses (open loop).",
    )
    warm_up: int = Field(20, ge=0, le=10_000, description="Warm-up requests, sent first and reported separately.")
    batch: SmokeBatch | None = Field(None, description="A second load of multi-row requests. If unset, it is not sent.")
    requests_from: SmokeRequests | None = Field(
        None, description="Requests to send instead of the input example that was logged with the model."
    )


class GovernanceGate(Gate):
    """The version's MLflow tags, checked against a policy."""

    policy: ObjectName = Field(description="ConfigMap in the release's namespace with the key governance.tags.yaml.")


class ContractGate(UncertainGate):
    """What clients and the server rely on: the model's signature, its requirements, and how it is stored."""

    allow_breaking: bool = Field(False, description="Allow signature changes that break existing clients.")
    allowed_flavors: Annotated[tuple[Annotated[str, Field(max_length=64)], ...], Field(max_length=32)] = Field(
        default=(), description="MLflow flavors that may be served. If empty, any flavor."
    )
    ignored_requirements: Annotated[tuple[Annotated[str, Field(max_length=128)], ...], Field(max_length=64)] = Field(
        default=(),
        description="Packages in the model's requirements.txt that are not needed for serving. MLflow "
        "records everything that the training process imported.",
    )


class ApprovalGate(Frozen):
    """Manual approval of one candidate."""

    required: bool = Field(
        False,
        description="Require approval before promotion. Governance rules and Inconclusive gates can require it too.",
    )
    approved: Digest | None = Field(
        None, description="Digest of the approved candidate. The approval applies to no other candidate."
    )
    four_eyes: bool = Field(False, description="Require an authenticated approver who is not the version's author.")
    valid_for: Duration = Field("24h", description="How long an approval remains valid.")
    timeout: Duration = Field("72h", description="How long the revision waits for approval before it is rejected.")


class CustomJob(Frozen):
    """The container that runs a custom gate. It gets no token and writes its verdict to /dev/termination-log."""

    image: str = Field(min_length=1, max_length=512, description="Image to run.")
    command: Annotated[tuple[Annotated[str, Field(max_length=4096)], ...], Field(max_length=32)] = Field(
        default=(), description="Command. Defaults to the image's entrypoint."
    )
    args: Annotated[tuple[Annotated[str, Field(max_length=4096)], ...], Field(max_length=64)] = Field(
        default=(), description="Arguments."
    )
    env: Annotated[tuple[EnvVar, ...], Field(max_length=32)] = Field(
        default=(), description="Additional environment variables. Names that start with SLIPWAY_ are reserved."
    )
    resources: Resources = Field(Resources(), description="Resources of the container.")


class CustomGate(JobGate):
    """A custom check: any container that writes a verdict."""

    name: ObjectName = Field(max_length=40, description="Name of the gate; its result is called custom/NAME.")
    job: CustomJob = Field(description="The container to run.")


class Gates(Frozen):
    """Checks that a revision must pass before production is flipped to it. An absent gate is not run."""

    smoke: SmokeGate | None = Field(
        default_factory=SmokeGate, description="Health, latency and answers of the staged pods under load."
    )
    metrics: Annotated[tuple[MetricGate, ...], Field(max_length=16)] = Field(
        default=(),
        description="Model-quality metrics, compared with production and with fixed limits.",
        json_schema_extra=BY_NAME,
    )
    governance: GovernanceGate | None = Field(None, description="Required tags of the model version.")
    contract: ContractGate | None = Field(None, description="Signature, requirements and storage of the model.")
    approval: ApprovalGate = Field(ApprovalGate(), description="Manual approval.")
    custom: Annotated[tuple[CustomGate, ...], Field(max_length=8)] = Field(
        default=(), description="Custom checks, each in its own Job.", json_schema_extra=BY_NAME
    )

    def pinned(self) -> Gates:
        """The gates as a revision keeps them: without the approval given, which is no part of the policy."""
        return self.model_copy(update={"approval": self.approval.model_copy(update={"approved": None})})
