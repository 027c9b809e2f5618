"""What a model's folder may bring: data, and code or pickles where the connection's administrator allows them."""

from __future__ import annotations

import stat
from pathlib import Path

from slipway_contract import trust
from slipway_server.errors import ModelError
from slipway_server.model.mlmodel import Description
from slipway_server.settings import Settings

MLMODEL = "MLmodel"


def check(directory: Path, description: Description, settings: Settings) -> None:
    """Look at the folder of a model whose library loads it from one file. Raises `ModelError` UnsafeModel."""
    if settings.allow_code:
        return
    own = {name: description.flavors.get(name, {}) for name in ("python_function", description.flavor)}
    brought = trust.code(own)
    if brought:
        raise _unsafe(directory, f"brings code ({brought})")
    inner = next((path for path in directory.rglob(MLMODEL) if path != directory / MLMODEL), None)
    if inner is not None:
        raise _unsafe(directory, f"holds another model ({inner.relative_to(directory)})")


def only_file(directory: Path, description: Description, default: str) -> Path:
    """The one file that the flavour is loaded from: a plain file of the folder. Raises `ModelError` UnsafeModel."""
    key = trust.FILES[description.flavor]
    name = description.conf.get(key, default)
    if not trust.plain(name):
        raise ModelError("UnsafeModel", f"{key} of {directory / MLMODEL} is not the name of a file beside it")
    path = directory / str(name)
    if not path.exists() and not path.is_symlink():
        raise ModelError("Invalid", f"{path} is not there; register a model that MLflow saved")
    if not stat.S_ISREG(path.lstat().st_mode):
        raise ModelError("UnsafeModel", f"{path} is not a plain file; log the model again")
    return path


def _unsafe(directory: Path, what: str) -> ModelError:
    says = f"the model under {directory} {what}, and the registry connection has no allowCode"
    return ModelError("UnsafeModel", f"{says}: log it without, or ask the connection's administrator")
