"""How a revision is rolled out and watched: rollout, SLO, traffic and rollback of a ModelRelease."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from slipway.api.base import Duration, Frozen, ObjectName, Ratio, validated

ONE_ROLLBACK_TARGET = {
    "rule": "has(self.to) != has(self.version)",
    "message": "name exactly one target: rollback.to (previous, or a revision's name) or rollback.version",
}


class AfterRollback(StrEnum):
    """What follows an automatic rollback."""

    HOLD = "Hold"
    CONTINUE = "Continue"


class Rollout(Frozen):
    """The pace of a release."""

    watch: Duration = Field(
        "10m",
        description="How long the revision is watched after the flip; an SLO breach inside it rolls back by itself.",
    )
    keep_warm: Duration = Field(
        "1h",
        description="How long the previous revision's pods stay ready after a promotion: a rollback starts no pod.",
    )
    after_rollback: AfterRollback = Field(
        AfterRollback.HOLD,
        description="Hold: after an automatic rollback nothing is promoted until spec.retry changes. "
        "Continue: the next version that the alias moves to is tried.",
    )
    progress_deadline: Duration = Field(
        "15m", description="Fetching and staging together may take this long; then the revision is rejected."
    )


class LatencyObjective(Frozen):
    """Latency that at most 5 % of requests may exceed."""

    p95: Duration = Field("200ms", description="95th percentile of the time to answer.")


class ErrorObjective(Frozen):
    """Share of requests that may fail."""

    ratio: Ratio = Field(0.01, description="Share of requests answered with a 5xx status.")


class SLO(Frozen):
    """What production owes its users, judged on raw request counters while a revision is watched."""

    latency: LatencyObjective = Field(LatencyObjective(), description="Latency objective.")
    errors: ErrorObjective = Field(ErrorObjective(), description="Error objective.")


class Router(StrEnum):
    """What moves production traffic."""

    SERVICE = "Service"


class Traffic(Frozen):
    """How production traffic reaches the live revision."""

    router: Router = Field(
        Router.SERVICE, description="Service: the selector of the production Service is flipped in one write."
    )


class Rollback(Frozen, json_schema_extra=validated(ONE_ROLLBACK_TARGET)):
    """A way back. While it is present, production is held on the target."""

    to: ObjectName | None = Field(None, description="previous, or the name of a ModelRevision of this release.")
    version: str | None = Field(
        None,
        pattern=r"^[1-9][0-9]*$",
        max_length=19,
        description="A model version that this release has served before.",
    )
    reason: str | None = Field(None, max_length=1024, description="Why, for the people who read the history.")


class Notifications(Frozen):
    """Who hears of what happens to the release."""

    channels: Annotated[tuple[ObjectName, ...], Field(max_length=8)] = Field(
        default=(),
        description="Channels that the operator's administrator configured, by name: never a URL. Empty: default.",
    )


class DeletionPolicy(StrEnum):
    """What happens to what serves when the ModelRelease is deleted."""

    DELETE = "Delete"
    ORPHAN = "Orphan"
