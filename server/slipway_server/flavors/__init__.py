"""Flavours: how a kind of model is loaded by its own library, by our rules instead of the model's."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Protocol

from slipway_server.errors import ModelError
from slipway_server.flavors.fitted import Fitted
from slipway_server.foreign import ForeignError, foreign
from slipway_server.settings import Settings


class NativeModel(Protocol):
    """A model in its own library. `rowwise`: each row's answer stands alone, so requests may share one call.

    `wants_frame`: it is given a frame, else an array. `nones`: a missing word is None to it, else NaN.
    """

    rowwise: bool
    wants_frame: bool
    nones: bool
    fitted: Fitted

    def predict(self, data: Any, params: dict[str, Any]) -> Any:
        """Return the library's own answer for a matrix or a pandas frame."""
        ...


def load(directory: Path, flavor: str, settings: Settings) -> NativeModel:
    """Load the artifacts under `directory`. Raises `ModelError` UnsafeModel or LoadFailed."""
    try:
        return foreign(_load, directory, flavor, settings)
    except ForeignError as error:
        raise ModelError(
            "LoadFailed",
            f"the {flavor} model under {directory} can't be loaded: {error}; "
            "check that the artifact is whole and was saved with library versions that this server holds",
        ) from error


def _load(directory: Path, flavor: str, settings: Settings) -> NativeModel:
    # MLflow's own switch. Code that is allowed may read pickles anyway.
    os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = str(settings.allow_pickle or settings.allow_code).lower()
    if flavor == "sklearn":
        from slipway_server.flavors import sklearn_files

        return sklearn_files.load(directory, settings)
    from slipway_server.flavors import pyfunc, tables

    return tables.load(directory, flavor, settings) if flavor in tables.FLAVORS else pyfunc.load(directory, settings)
