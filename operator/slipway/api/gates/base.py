"""What every gate's spec shares: whether it may block, and what happens when it has no clear answer."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from slipway.api.base import Duration, Frozen


class OnInconclusive(StrEnum):
    """What a gate without enough evidence leads to."""

    REJECT = "Reject"
    APPROVE = "Approve"


class ErrorPolicy(Frozen):
    """How often a gate that could not measure is run again."""

    retries: int = Field(
        2, ge=0, le=10, description="Number of retries after an Error, before the revision is rejected."
    )
    backoff: Duration = Field("5s", description="Delay before the first retry. It doubles with each retry, up to 5m.")


class Gate(Frozen):
    """Any gate."""

    dry_run: bool = Field(False, description="Measure and report without blocking.")
    on_error: ErrorPolicy = Field(ErrorPolicy(), description="How a gate that could not measure is retried.")


class UncertainGate(Gate):
    """A gate that may end without enough evidence."""

    on_inconclusive: OnInconclusive = Field(
        OnInconclusive.REJECT,
        description="What to do without enough evidence. Reject: reject the revision. Approve: wait for "
        "approval (spec.gates.approval).",
    )


class JobGate(UncertainGate):
    """A gate that runs in a pod of its own."""

    timeout: Duration = Field(
        "5m", description="How long the gate may run. Without a verdict by then, it ends in Error."
    )
