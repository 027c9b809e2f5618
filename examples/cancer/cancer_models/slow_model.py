"""The slow version: the good estimator behind a wait. MLflow copies this file into the model and runs it from there."""

from __future__ import annotations

import time
from typing import Any

import mlflow
import pandas as pd
import skops.io
from mlflow.pyfunc import PythonModel, PythonModelContext

DELAY_SECONDS = 0.25
"""Above the 200 ms that the release allows for its 95th percentile."""

TRUSTED_TYPES = ["sklearn.tree._tree.Tree"]


class SlowModel(PythonModel):  # type: ignore[misc]
    """Right answers, late."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the estimator that lies beside this file, by skops and never by pickle."""
        self._estimator = skops.io.load(context.artifacts["estimator"], trusted=TRUSTED_TYPES)

    def predict(self, model_input: pd.DataFrame) -> Any:
        """Probabilities per class, after DELAY_SECONDS."""
        time.sleep(DELAY_SECONDS)
        return self._estimator.predict_proba(model_input)


mlflow.models.set_model(SlowModel())
