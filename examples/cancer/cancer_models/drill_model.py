"""The version for fire drills: the good estimator, which a row that no patient has can ask to be late or to fail.

Only this model can be asked. The server has no such switch, and no other version listens to it. MLflow copies this file
into the model and runs it from there.
"""

from __future__ import annotations

import time
from typing import Any

import mlflow
import pandas as pd
import skops.io
from mlflow.pyfunc import PythonModel, PythonModelContext

ASKED_IN = "mean radius"
LATE, FAIL = -1.0, -2.0
"""No tumour has such a radius. As in drill_values.py: this file is alone where it is served."""
DELAY_SECONDS = 0.6
"""Above the 500 ms that drill.yaml allows for the 95th percentile."""
PAUSE_SECONDS = 0.05
"""Every answer waits a little: a model that waits gets threads, and nobody stands behind those who asked to be late."""

TRUSTED_TYPES = ["sklearn.tree._tree.Tree"]


class DrillModel(PythonModel):  # type: ignore[misc]
    """Right answers; late, or none, for those who ask for it."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the estimator that lies beside this file, by skops and never by pickle."""
        self._estimator = skops.io.load(context.artifacts["estimator"], trusted=TRUSTED_TYPES)

    def predict(self, model_input: pd.DataFrame) -> Any:
        """Probabilities per class. Raises RuntimeError for a row that asks for it."""
        asked = set(model_input[ASKED_IN])
        if FAIL in asked:
            raise RuntimeError("asked to fail")
        time.sleep(DELAY_SECONDS if LATE in asked else PAUSE_SECONDS)
        return self._estimator.predict_proba(model_input)


mlflow.models.set_model(DrillModel())
