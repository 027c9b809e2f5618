"""What the operator tells a gate's container, by environment variables; docs/gates.md has them for custom gates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from slipway.gates.evidence import identity

TERMINATION_LOG = "/dev/termination-log"
MODEL_DIRECTORY = "/model"


class JobError(Exception):
    """The gate could not measure. Its text is the sentence of an Error verdict."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One served revision."""

    url: str
    version: str
    revision: str
    digest: str

    @property
    def evidence(self) -> str:
        """What identifies the revision in a verdict's measuredOn."""
        return identity(self.revision, self.digest)


@dataclass(frozen=True, slots=True)
class Environment:
    """Everything that a gate's container is told."""

    name: str
    gate: str
    """The gate's spec, JSON as on the wire."""
    candidate: Endpoint
    production: Endpoint | None
    requests_file: Path | None = None
    """Request bodies that the user gave in a ConfigMap, one JSON document per line."""
    model_directory: Path = Path(MODEL_DIRECTORY)
    """The candidate's artifacts, fetched and held to the pinned digest by the pod's init container."""

    @property
    def measured_on(self) -> dict[str, str]:
        """The targets, for a verdict's measuredOn."""
        targets = {"candidate": self.candidate, "production": self.production}
        return {side: target.evidence for side, target in targets.items() if target}


def read(variables: Mapping[str, str]) -> Environment:
    """The environment in `variables`. Raises JobError that names the variable that is missing."""
    requests_file = variables.get("SLIPWAY_REQUESTS_FILE")
    return Environment(
        name=_needed(variables, "SLIPWAY_GATE_NAME"),
        gate=_needed(variables, "SLIPWAY_GATE"),
        candidate=_target(variables, "CANDIDATE"),
        production=_target(variables, "PRODUCTION") if variables.get("SLIPWAY_PRODUCTION_URL") else None,
        requests_file=Path(requests_file) if requests_file else None,
        model_directory=Path(variables.get("SLIPWAY_MODEL_DIR") or MODEL_DIRECTORY),
    )


def termination_log(variables: Mapping[str, str]) -> Path:
    """Where the verdict goes."""
    return Path(variables.get("SLIPWAY_TERMINATION_LOG") or TERMINATION_LOG)


def _target(variables: Mapping[str, str], side: str) -> Endpoint:
    return Endpoint(
        url=_needed(variables, f"SLIPWAY_{side}_URL").rstrip("/"),
        version=variables.get(f"SLIPWAY_{side}_VERSION", ""),
        revision=variables.get(f"SLIPWAY_{side}_REVISION", ""),
        digest=variables.get(f"SLIPWAY_{side}_DIGEST", ""),
    )


def _needed(variables: Mapping[str, str], name: str) -> str:
    value = variables.get(name)
    if not value:
        raise JobError(f"the environment variable {name} is missing; a gate's container is started by the operator")
    return value
