"""Register versions that are not served compiled: one that has no conversion, and one whose conversion is wrong.

    python -m tests.e2e.native_models NAME TRACKING_URI

Prints kind and number as JSON; what is there already is left alone. The wrong one is a support vector machine whose
public intercept was moved: its own library computes with a private copy, the converter reads the public one.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

TAG = "slipway.e2e.kind"
UNCONVERTIBLE, WRONGLY_CONVERTED = "unconvertible", "wrongly converted"
TRUSTED = [
    "numpy.dtype",
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
]


def unconvertible(x: Any, y: Any) -> Any:
    """Histogram gradient boosting, which the converter does not know how to write down."""
    return HistGradientBoostingClassifier(max_iter=10, random_state=0).fit(x, y)


def wrongly_converted(x: Any, y: Any) -> Any:
    """A support vector machine that converts, into another one."""
    model = make_pipeline(StandardScaler(), SVC()).fit(x, y)
    machine = model[-1]
    machine.intercept_ = machine.intercept_ + 1.0
    return model


def existing(name: str, kind: str) -> str | None:
    """The version that an earlier run made."""
    found = MlflowClient().search_model_versions(f"name = '{name}' and tags.`{TAG}` = '{kind}'")
    return next((str(version.version) for version in found), None)


def publish(name: str, kind: str, model: Any) -> str:
    """Log and register it."""
    x = load_breast_cancer(as_frame=True).data
    with mlflow.start_run(run_name=kind):
        info = mlflow.sklearn.log_model(
            model,
            name="model",
            serialization_format="skops",
            skops_trusted_types=TRUSTED,
            signature=infer_signature(x, model.predict(x)),
            input_example=x.head(2),
            pip_requirements=[],
        )
    return str(mlflow.register_model(f"models:/{info.model_id}", name, tags={TAG: kind}).version)


def main() -> None:
    """Both, as the command line asks."""
    name, uri = sys.argv[1:]
    mlflow.set_tracking_uri(uri)
    x, y = load_breast_cancer(return_X_y=True, as_frame=True)
    made = {UNCONVERTIBLE: unconvertible, WRONGLY_CONVERTED: wrongly_converted}
    versions = {kind: existing(name, kind) or publish(name, kind, train(x, y)) for kind, train in made.items()}
    sys.stdout.write(json.dumps(versions) + "\n")


if __name__ == "__main__":
    main()
