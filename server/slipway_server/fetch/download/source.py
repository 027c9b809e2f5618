"""Where the artifacts come from: a registry (`models:/…`) or a directory."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from slipway_contract import registry_client
from slipway_server.errors import ModelError
from slipway_server.model.bundle import FOLDER

_URI = re.compile(r"models:/(?P<name>[^/@]+)(?:@(?P<alias>[\w\-]+)|/(?P<version>\d+))$")
_DEFAULTS = {
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}
_OUTAGES = frozenset({"INTERNAL_ERROR", "TEMPORARILY_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED"})


def is_registry(uri: str) -> bool:
    """Whether `uri` names a registered model rather than a directory."""
    return uri.startswith("models:/")


def download(uri: str, out: Path) -> str:
    """Put the artifacts of `uri` into `out` and return the version ("" for a directory). Raises `ModelError`."""
    out.mkdir(parents=True, exist_ok=True)
    _clear(out)
    version = _from_registry(uri, out) if is_registry(uri) else _from_directory(Path(uri), out)
    if (out / FOLDER).exists():
        raise ModelError("UnsafeModel", f"{uri} brings a folder named {FOLDER}, which is reserved; register it without")
    return version


def run_artifact(run_id: str, name: str, into: Path) -> Path | None:
    """Download the file `name` that training logged to the run; None when there's no such file or no registry."""
    if not run_id or not os.environ.get("MLFLOW_TRACKING_URI"):
        return None
    mlflow = _mlflow()
    with contextlib.suppress(mlflow.exceptions.MlflowException, OSError):
        return Path(mlflow.artifacts.download_artifacts(artifact_uri=f"runs:/{run_id}/{name}", dst_path=str(into)))
    return None


def name_of(uri: str) -> str:
    """The registered model's name; "" for a directory."""
    return uri.removeprefix("models:/").partition("@")[0].partition("/")[0] if is_registry(uri) else ""


def resolve(uri: str) -> str:
    """Return the version that `uri` means now. Raises `ModelError`."""
    match = _URI.match(uri)
    if match is None:
        raise ModelError("Invalid", f"{uri} is no model address; write models:/NAME/VERSION or models:/NAME@ALIAS")
    if match["version"]:
        return match["version"]
    with _readable(uri):
        client = _mlflow().MlflowClient()
        return str(client.get_model_version_by_alias(match["name"], match["alias"]).version)


def _from_registry(uri: str, out: Path) -> str:
    version = resolve(uri)
    name = name_of(uri)
    with _readable(uri):
        _mlflow().artifacts.download_artifacts(artifact_uri=f"models:/{name}/{version}", dst_path=str(out))
    return version


def _from_directory(directory: Path, out: Path) -> str:
    if not directory.is_dir():
        raise ModelError("NotFound", f"{directory} is no directory; give --model a directory or models:/NAME/VERSION")
    skip = shutil.ignore_patterns(FOLDER) if (directory / FOLDER / "bundle.json").exists() else None
    shutil.copytree(directory, out, dirs_exist_ok=True, symlinks=True, ignore=skip)
    return ""


def _clear(out: Path) -> None:
    """An init container that is restarted finds what its last try left behind."""
    for entry in out.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _mlflow() -> Any:
    registry_client.configure(os.environ, retries=3, timeout_seconds=30)
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    import mlflow
    import mlflow.artifacts

    return mlflow


@contextlib.contextmanager
def _readable(uri: str) -> Iterator[None]:
    """Turn what MLflow raises into one sentence and a reason."""
    registry = os.environ.get("MLFLOW_TRACKING_URI", "the registry (MLFLOW_TRACKING_URI is not set)")
    mlflow = _mlflow()
    try:
        yield
    except mlflow.exceptions.MlflowException as error:
        raise _translated(uri, registry, error.error_code, error.message) from error
    except OSError as error:
        raise ModelError("RegistryUnreachable", f"{registry}: {error}; is it up?", retryable=True) from error


def _translated(uri: str, registry: str, code: str, message: str) -> ModelError:
    if code == "RESOURCE_DOES_NOT_EXIST":
        return ModelError("NotFound", f"{registry} has no {uri}: {message}; check the model's name and version")
    if code in ("UNAUTHENTICATED", "PERMISSION_DENIED"):
        return ModelError(
            "RegistryUnreachable",
            f"{registry} refuses the credentials for {uri}: {message}; check the connection's secret",
            retryable=True,
        )
    if code in _OUTAGES:
        return ModelError("RegistryUnreachable", f"{registry} can't be reached for {uri}: {message}", retryable=True)
    return ModelError("Invalid", f"{registry} refuses {uri}: {message}")
