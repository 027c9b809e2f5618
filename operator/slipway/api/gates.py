"""The gates part of a ModelRelease: which proofs a revision owes before production is flipped to it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from slipway.api.base import Duration, Frozen, ObjectName, Ratio, validated

MIN_SMOKE_REQUESTS = 59
"""Fewer requests cannot show a 95th percentile with 95 % confidence: 0.95**59 is the first power below 0.05."""


class SmokeGate(Frozen):
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
        description="Requests to send after the warm-up. Fewer than 59 cannot show a p95 with 95 % confidence.",
    )
    rate: float = Field(
        100.0,
        gt=0,
        le=10_000,
        description="Requests per second; arrivals keep to this schedule whatever the answers do.",
    )
    warm_up: int = Field(20, ge=0, le=10_000, description="Requests sent first and counted apart.")
    timeout: Duration = Field("5m", description="The gate is an Error when it has no verdict by then.")


class MetricSource(StrEnum):
    """Where the metric gate takes its figures from."""

    LOGGED = "Logged"


class Direction(StrEnum):
    """Which way a metric gets better."""

    HIGHER_IS_BETTER = "HigherIsBetter"
    LOWER_IS_BETTER = "LowerIsBetter"


HIGHER_IS_BETTER = ("auc", "roc_auc", "average_precision", "accuracy", "f1", "precision", "recall", "r2")
LOWER_IS_BETTER = ("log_loss", "brier", "rmse", "mse", "mae")
"""Metrics whose direction is known by their name."""

DIRECTION_KNOWN = {
    "rule": f"has(self.direction) || self.name in {[*HIGHER_IS_BETTER, *LOWER_IS_BETTER]!r}",
    "message": "say which way this metric gets better: direction HigherIsBetter or LowerIsBetter",
}


class MetricGate(Frozen, json_schema_extra=validated(DIRECTION_KNOWN)):
    """The candidate's metric held against current production's and against floors."""

    name: str = Field(
        min_length=1,
        max_length=63,
        pattern=r"^[A-Za-z0-9_.\-]+$",
        description="The metric as MLflow has it, such as auc.",
    )
    source: MetricSource = Field(
        MetricSource.LOGGED, description="Logged: the figure that was logged to MLflow on both versions."
    )
    direction: Direction | None = Field(
        None, description="Which way the metric gets better. Needed for a metric that is not built in."
    )
    max_regression: float = Field(
        0.0, ge=0, description="How much worse than production the candidate may be, in the metric's own unit."
    )
    minimum: float | None = Field(None, description="The candidate's value must be at least this.")
    maximum: float | None = Field(None, description="The candidate's value must be at most this.")


class GovernanceGate(Frozen):
    """The version's MLflow tags held against a policy."""

    policy: ObjectName = Field(description="ConfigMap in the release's namespace with the key governance.tags.yaml.")


class Gates(Frozen):
    """Checks that a revision must pass before production is flipped to it. An absent gate is not run."""

    smoke: SmokeGate | None = Field(
        SmokeGate(), description="Health, latency and answers of the staged pods under load."
    )
    metrics: Annotated[tuple[MetricGate, ...], Field(max_length=16)] = Field(
        default=(), description="Model-quality metrics against current production and floors."
    )
    governance: GovernanceGate | None = Field(None, description="Required tags of the model version.")
