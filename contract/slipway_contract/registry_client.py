"""How every process talks to MLflow: the environment of its client."""

from __future__ import annotations

from collections.abc import MutableMapping


def configure(environ: MutableMapping[str, str], retries: int, timeout_seconds: int = 10) -> None:
    """Set what `environ` leaves open of MLflow's client: few retries, a short timeout, no telemetry."""
    environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", str(retries))
    environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", str(timeout_seconds))
    environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
