"""The metric gate's spec: figures against current production and against floors."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from slipway.api.base import Frozen, validated
from slipway.api.gates.base import JobGate


class MetricSource(StrEnum):
    """Where the metric gate takes its figures from."""

    LOGGED = "Logged"
    RESCORE = "Rescore"


class MetricMode(StrEnum):
    """How two figures are compared."""

    STRICT = "Strict"
    STATISTICAL = "Statistical"


class Direction(StrEnum):
    """Which way a metric gets better."""

    HIGHER_IS_BETTER = "HigherIsBetter"
    LOWER_IS_BETTER = "LowerIsBetter"


RESCORED_HIGHER = ("auc", "average_precision", "accuracy", "f1", "r2")
RESCORED_LOWER = ("log_loss", "brier", "rmse", "mae")
"""Metrics that a Rescore gate computes."""

HIGHER_IS_BETTER = (*RESCORED_HIGHER, "roc_auc", "precision", "recall")
LOWER_IS_BETTER = (*RESCORED_LOWER, "mse")
"""Metrics whose direction is known by their name."""

DIRECTION_KNOWN = {
    "rule": f"has(self.direction) || self.name in {[*HIGHER_IS_BETTER, *LOWER_IS_BETTER]!r}",
    "message": "set direction to HigherIsBetter or LowerIsBetter: the direction of this metric is not known",
}
RESCORE_KNOWS = {
    "rule": f"self.source != 'Rescore' || self.name in {[*RESCORED_HIGHER, *RESCORED_LOWER]!r}",
    "message": f"source Rescore computes {', '.join((*RESCORED_HIGHER, *RESCORED_LOWER))}; take source Logged or a "
    "custom gate for another metric",
}
RESCORE_NEEDS_DATA = {
    "rule": "(self.source == 'Rescore') == has(self.dataset)",
    "message": "source Rescore needs a dataset, and source Logged takes none",
}
STATISTICAL_NEEDS_ROWS = {
    "rule": "self.mode != 'Statistical' || self.source == 'Rescore'",
    "message": "mode Statistical compares row by row: it needs source Rescore",
}
SEGMENTS_NEED_ROWS = {
    "rule": "!has(self.segments) || self.source == 'Rescore'",
    "message": "segments are measured on the dataset's rows: they need source Rescore",
}
LOGGED_ON_IS_LOGGED = {
    "rule": "!has(self.loggedOn) || self.source == 'Logged'",
    "message": "loggedOn names the dataset of a logged figure: it needs source Logged; Rescore takes dataset",
}


class Dataset(Frozen):
    """Rows with known labels."""

    artifact: str = Field(
        "holdout.parquet",
        min_length=1,
        max_length=256,
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.\-]*(/[A-Za-z0-9_][A-Za-z0-9_.\-]*)*$",
        description="Path of a Parquet file among the candidate's artifacts. Its digest is kept as evidence.",
    )
    label: str = Field(min_length=1, max_length=128, description="Column with the right answer.")
    positive: str | None = Field(
        None,
        max_length=128,
        description="The positive class of a binary label, as text. Defaults to the greater of the two.",
    )
    score: str | None = Field(
        None,
        max_length=128,
        description="The column of the response that holds the score of the positive class: its name, or its "
        "zero-based position. Defaults to the last of two columns.",
    )


class Segments(Frozen):
    """Limits that every segment of the dataset must meet, not just the dataset as a whole."""

    column: str = Field(min_length=1, max_length=128, description="Column of the dataset that names the segment.")
    minimum: float | None = Field(None, description="The candidate's value must be at least this in every segment.")
    maximum: float | None = Field(None, description="The candidate's value must be at most this in every segment.")
    min_rows: int = Field(
        50, ge=1, le=1_000_000, description="Minimum number of rows. A segment with fewer rows is Inconclusive."
    )


class MetricGate(
    JobGate,
    json_schema_extra=validated(
        DIRECTION_KNOWN,
        RESCORE_KNOWS,
        RESCORE_NEEDS_DATA,
        STATISTICAL_NEEDS_ROWS,
        SEGMENTS_NEED_ROWS,
        LOGGED_ON_IS_LOGGED,
    ),
):
    """The candidate's metric, compared with production's and with fixed limits."""

    name: str = Field(
        min_length=1,
        max_length=55,
        pattern=r"^[A-Za-z0-9_.\-]+$",
        description="The metric: as MLflow has it for source Logged, such as auc.",
    )
    source: MetricSource = Field(
        MetricSource.LOGGED,
        description="Logged: the value that was logged to MLflow on both versions. Rescore: a Job sends the "
        "dataset to the candidate and to production and computes the value from their responses.",
    )
    logged_on: str | None = Field(
        None,
        min_length=1,
        max_length=540,
        description="Logged: the MLflow dataset that the figure was logged on, on both versions: its name, or "
        "NAME@DIGEST where several datasets have that name. Needed where the metric stands on several.",
    )
    mode: MetricMode = Field(
        MetricMode.STRICT,
        description="Strict: the point estimate must not be worse by more than maxRegression. Statistical: "
        "at the given confidence, the true value is not worse by more than margin.",
    )
    direction: Direction | None = Field(
        None, description="Whether higher or lower is better. Required for metrics that are not built in."
    )
    max_regression: float = Field(
        0.0, ge=0, description="Strict: maximum regression against production, in the metric's unit."
    )
    margin: float = Field(0.01, ge=0, description="Statistical: non-inferiority margin, in the metric's unit.")
    confidence: Annotated[float, Field(ge=0.5, lt=1)] = Field(
        0.95, description="Statistical: one-sided confidence level of the non-inferiority test."
    )
    minimum: float | None = Field(None, description="The candidate's value must be at least this.")
    maximum: float | None = Field(None, description="The candidate's value must be at most this.")
    dataset: Dataset | None = Field(None, description="Rescore: the rows to score.")
    segments: Segments | None = Field(None, description="Rescore: limits that every segment of the dataset must meet.")
