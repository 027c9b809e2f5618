"""How a revision is rolled out and watched: rollout, SLO and rollback of a ModelRelease."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from slipway.api.base import Duration, Frozen, ObjectName, Ratio, validated

ONE_ROLLBACK_TARGET = {
    "rule": "has(self.to) != has(self.version)",
    "message": "name exactly one target: rollback.to (previous, or a revision's name) or rollback.version",
}


WEIGHTS_INCREASE = {
    "rule": "self.map(s, s.weight).isSorted() && self.all(s, self.exists_one(t, t.weight == s.weight))",
    "message": "each step must give the candidate more weight than the one before it; 100 % is the promotion itself",
}


class AfterRollback(StrEnum):
    """What follows an automatic rollback."""

    HOLD = "Hold"
    CONTINUE = "Continue"


class OnNoData(StrEnum):
    """What follows when the counters of a revision under watch cannot be read any more."""

    HOLD = "Hold"
    ROLLBACK = "Rollback"


class CanaryStep(Frozen):
    """One canary step: the candidate's share of production traffic, held until enough requests can be judged."""

    weight: int = Field(ge=1, le=99, description="The candidate's share of production traffic in percent.")
    min_requests: int = Field(
        500, ge=1, le=10_000_000, description="Requests that the candidate must have answered at this weight."
    )
    timeout: Duration = Field(
        "10m",
        description="If minRequests is not reached within this time, the revision ends as Inconclusive; it "
        "never passes.",
    )
    pause: bool = Field(
        False, description="Once the step has enough evidence, wait until spec.resume is set to REVISION/STEP."
    )


class Rollout(Frozen):
    """How a release is rolled out."""

    steps: Annotated[tuple[CanaryStep, ...], Field(max_length=16)] = Field(
        default=(),
        description="Canary steps between the gates and the promotion. If empty, all traffic moves at once.",
        json_schema_extra=validated(WEIGHTS_INCREASE),
    )
    watch: Duration = Field(
        "10m",
        description="How long the revision is watched after promotion. An SLO breach in this window triggers "
        "an automatic rollback.",
    )
    keep_warm: Duration = Field(
        "1h",
        description="How long the previous revision's pods keep running after a promotion, so that a "
        "rollback does not have to start pods.",
    )
    after_rollback: AfterRollback = Field(
        AfterRollback.HOLD,
        description="What to do after an automatic rollback. Hold: suspend promotions until spec.retry "
        "changes. Continue: try the next version that the alias moves to.",
    )
    on_no_data: OnNoData = Field(
        OnNoData.HOLD,
        description="What to do if the request counters of a watched revision cannot be read for one minute. "
        "Hold: keep watching, and suspend promotions, until they can be read. Rollback: roll "
        "production back.",
    )
    progress_deadline: Duration = Field(
        "15m",
        description="Deadline for fetching and staging together. A revision that is not ready by then is rejected.",
    )


MAX_ROWS = 100
"""What spec.slo.latency.maxRows is where a release leaves it out: the server's own default."""


SLOW_RATIO = 0.05
"""The share of requests that may be slower than a p95: what a 95th percentile means."""


class LatencyObjective(Frozen):
    """Latency that at most 5 % of requests may exceed."""

    p95: Duration = Field("200ms", description="95th percentile of the response time.")
    max_rows: int | None = Field(
        None,
        ge=1,
        le=1_000_000,
        description="Requests of more rows are timed apart and never judged by latency; 100 where it is left out. "
        "It takes effect with the next revision.",
    )

    @property
    def rows(self) -> int:
        """The most rows of a request that is judged by latency."""
        return MAX_ROWS if self.max_rows is None else self.max_rows


class ErrorObjective(Frozen):
    """Share of requests that may fail."""

    ratio: Ratio = Field(0.01, description="Maximum share of requests answered with a 5xx status.")


class SLO(Frozen):
    """Service-level objectives for production, judged on raw request counters while a revision is watched."""

    latency: LatencyObjective = Field(LatencyObjective(), description="Latency objective.")
    errors: ErrorObjective = Field(ErrorObjective(), description="Error objective.")


class Rollback(Frozen, json_schema_extra=validated(ONE_ROLLBACK_TARGET)):
    """A rollback request. While it is set, production stays on the target."""

    to: ObjectName | None = Field(None, description="previous, or the name of a ModelRevision of this release.")
    version: str | None = Field(
        None,
        pattern=r"^[1-9][0-9]*$",
        max_length=19,
        description="A model version that production has served before.",
    )
    reason: str | None = Field(None, max_length=1024, description="Reason, kept in the history.")


class Notifications(Frozen):
    """Channels that are notified of events of this release."""

    channels: Annotated[tuple[ObjectName, ...], Field(max_length=8)] = Field(
        default=(),
        description="Names of channels configured by the administrator. URLs are not accepted. If empty, the "
        "channel named default is used.",
    )


class DeletionPolicy(StrEnum):
    """What happens to what serves when the ModelRelease is deleted."""

    DELETE = "Delete"
    ORPHAN = "Orphan"
