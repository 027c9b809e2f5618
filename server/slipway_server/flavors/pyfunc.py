"""Anything else that MLflow can load. Such a model is code, and runs only where the administrator said so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from slipway_server.errors import ModelError
from slipway_server.flavors import fitted
from slipway_server.settings import Settings


class PyfuncModel:
    """MLflow's own wrapper: it checks the signature and hands pandas frames over."""

    wants_frame = True
    nones = True

    def __init__(self, model: Any) -> None:
        self.model = model
        self.rowwise = False
        self.fitted = fitted.NOTHING

    def predict(self, data: Any, params: dict[str, Any]) -> Any:
        """Return what the model's `predict` returns."""
        return self.model.predict(data, params=params or None)


def load(directory: Path, settings: Settings) -> PyfuncModel:
    """Load any MLflow model. Raises `ModelError` UnsafeModel, and whatever the model's code raises."""
    if not settings.allow_code:
        raise ModelError(
            "UnsafeModel",
            f"the model under {directory} is Python code; the registry connection does not allow code: "
            "ask its administrator, or log the model with a flavour that holds data only (sklearn as skops, onnx)",
        )
    import mlflow.pyfunc

    return PyfuncModel(mlflow.pyfunc.load_model(str(directory)))
