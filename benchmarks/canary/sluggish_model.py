"""Register a model that is slow for 15 % of its requests: more than 5 % may be, and few enough to hide among the rest.

    python -m benchmarks.canary.sluggish_model NAME TRACKING_URI

Prints its version; the one that is there already is left alone. MLflow copies this file into the model.
"""

from __future__ import annotations

import random
import sys
import time
from typing import Any

import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.models import infer_signature
from mlflow.pyfunc import PythonModel

SLOW_SHARE, SLOW_SECONDS = 0.15, 0.3
TAG, KIND = "slipway.bench.kind", "sluggish"


class SluggishModel(PythonModel):  # type: ignore[misc]
    """One answer for everything, now and then late."""

    def predict(self, model_input: pd.DataFrame) -> Any:
        """Zeros."""
        if random.random() < SLOW_SHARE:
            time.sleep(SLOW_SECONDS)
        return [0.0] * len(model_input)


def existing(name: str) -> str | None:
    """The version that an earlier run made."""
    found = MlflowClient().search_model_versions(f"name = '{name}' and tags.`{TAG}` = '{KIND}'")
    return next((str(version.version) for version in found), None)


def publish(name: str) -> str:
    """Log and register it."""
    from sklearn.datasets import load_breast_cancer

    example = load_breast_cancer(as_frame=True).data.head(2)
    with mlflow.start_run(run_name=KIND):
        info = mlflow.pyfunc.log_model(
            name="model",
            python_model=__file__,
            signature=infer_signature(example, [0.0, 0.0]),
            input_example=example,
            pip_requirements=[],
        )
    return str(mlflow.register_model(f"models:/{info.model_id}", name, tags={TAG: KIND}).version)


if __name__ == "__main__":
    registered, uri = sys.argv[1:]
    mlflow.set_tracking_uri(uri)
    sys.stdout.write(f"{existing(registered) or publish(registered)}\n")
else:
    mlflow.models.set_model(SluggishModel())
