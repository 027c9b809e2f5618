"""The rows with known answers that came with the candidate: read from its verified artifacts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from slipway.api.gates.specs import Dataset, MetricGate
from slipway.jobs.environment import JobError

MAX_BYTES = 512 * 2**20


@dataclass(frozen=True, slots=True)
class Holdout:
    """A dataset of n rows and the digest of the file that it was read from."""

    dataset: Dataset
    frame: pd.DataFrame
    digest: str

    @property
    def evidence(self) -> str:
        """What identifies the rows in a verdict's measuredOn."""
        return f"{self.dataset.artifact} {self.digest}"

    def features(self, wanted: tuple[str, ...] | None, without: set[str], side: str) -> pd.DataFrame:
        """The columns to send to `side`: those it wants, or where it names none, all but `without`.

        Raises JobError when the dataset lacks one.
        """
        if wanted is None:
            return self.frame[[column for column in self.frame.columns if column not in without]]
        missing = [column for column in wanted if column not in self.frame.columns]
        if missing:
            raise JobError(f"the dataset lacks {', '.join(missing[:5])}, which the {side}'s input example has")
        return self.frame[list(wanted)]


def read(directory: Path, gate: MetricGate) -> Holdout:
    """The dataset that `gate` names, from the artifacts in `directory`. Raises JobError with what to mend."""
    dataset = gate.dataset
    if dataset is None:
        raise JobError(f"gate metrics/{gate.name} has source {gate.source} and no dataset")
    path = directory / dataset.artifact
    if not path.resolve().is_relative_to(directory.resolve()):
        raise JobError(f"the dataset {dataset.artifact} lies outside the model's artifacts")
    if not path.is_file():
        raise JobError(f"the candidate has no artifact {dataset.artifact}; log it with the model version")
    if path.stat().st_size > MAX_BYTES:
        raise JobError(f"the dataset {dataset.artifact} is larger than {MAX_BYTES // 2**20} MiB; log a sample")
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    try:
        frame = pq.read_table(path).to_pandas()
    except (pa.ArrowException, OSError) as error:
        raise JobError(f"the dataset {dataset.artifact} is not a Parquet file ({error})") from error
    _check_columns(frame, [dataset.label, *([gate.segments.column] if gate.segments else [])])
    return Holdout(dataset, frame, f"sha256:{digest}")


def _check_columns(frame: pd.DataFrame, wanted: list[str]) -> None:
    for column in wanted:
        if column not in frame.columns:
            has = ", ".join(map(str, frame.columns[:8]))
            raise JobError(f"the dataset has no column {column}; it has {has}{', …' if frame.shape[1] > 8 else ''}")
