"""What a gate answers, and the evidence that it leaves in a ModelRevision's status."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from slipway.api.base import Frozen, Timestamp

Sentence = Annotated[str, Field(max_length=1024)]


class Verdict(StrEnum):
    """The four answers. No data is never Pass; an outage is never Fail."""

    PASS = "Pass"
    FAIL = "Fail"
    INCONCLUSIVE = "Inconclusive"
    ERROR = "Error"


class GateResult(Frozen):
    """One gate's verdict with everything that is needed to check it by hand."""

    name: str = Field(max_length=63, description="The gate, such as smoke, metrics/auc or governance.")
    verdict: Verdict = Field(description="Pass, Fail, Inconclusive (not enough evidence) or Error (could not measure).")
    message: Sentence = Field(description="Human-readable verdict.")
    measured: float | None = Field(None, description="The measured value, in the unit of the threshold.")
    threshold: float | None = Field(None, description="The value that measured was compared with.")
    unit: str | None = Field(None, max_length=32, description="Unit of measured and threshold.")
    n: int | None = Field(None, ge=0, description="Sample size.")
    bound: float | None = Field(
        None,
        description="The confidence bound that decided, if the method has one. A ratio for methods that judge a ratio.",
    )
    method: str | None = Field(None, max_length=256, description="How it was measured and judged.")
    measured_on: dict[str, str] = Field(
        default_factory=dict, max_length=16, description="What it was measured on: dataset, model and target digests."
    )
    details: dict[str, Any] = Field(
        default_factory=dict,
        description="Further values of this gate. The keys are documented in docs/gates.md.",
        json_schema_extra={"x-kubernetes-preserve-unknown-fields": True},
    )
    dry_run: bool = Field(False, description="Measured and reported without blocking.")
    attempts: int = Field(1, ge=1, description="Number of runs, including those that ended in Error.")
    started_at: Timestamp | None = Field(None, description="When the gate started.")
    duration_seconds: float | None = Field(None, ge=0, description="How long the gate took, in seconds.")

    @property
    def blocks(self) -> bool:
        """Whether this result keeps the revision from being promoted."""
        return self.verdict is not Verdict.PASS and not self.dry_run
