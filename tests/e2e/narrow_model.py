"""Register a version that today's callers cannot use, whose requirements nobody meets, and that brings no rows.

    python -m tests.e2e.narrow_model NAME TRACKING_URI

It takes the first ten measurements only. Prints its number; the one that is there already is left alone.
"""

from __future__ import annotations

import sys

import mlflow
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

COLUMNS = 10
REQUIREMENT = "scikit-learn==0.24.2"
TAG = "slipway.e2e.kind"
KIND = "narrow"


def existing(name: str) -> str | None:
    """The version that an earlier run made."""
    found = MlflowClient().search_model_versions(f"name = '{name}' and tags.`{TAG}` = '{KIND}'")
    return next((str(version.version) for version in found), None)


def publish(name: str) -> str:
    """Train, log and register it."""
    bunch = load_breast_cancer(as_frame=True)
    columns = bunch.data.iloc[:, :COLUMNS]
    model = LogisticRegression(max_iter=5000).fit(columns, bunch.target)
    example = columns.head(2)
    with mlflow.start_run(run_name=KIND):
        info = mlflow.sklearn.log_model(
            model,
            name="model",
            serialization_format="skops",
            pyfunc_predict_fn="predict_proba",
            signature=infer_signature(example, model.predict_proba(example)),
            input_example=example,
            pip_requirements=[REQUIREMENT],
        )
    return str(mlflow.register_model(f"models:/{info.model_id}", name, tags={TAG: KIND}).version)


if __name__ == "__main__":
    registered, uri = sys.argv[1:]
    mlflow.set_tracking_uri(uri)
    sys.stdout.write(f"{existing(registered) or publish(registered)}\n")
