"""Register versions that no server may serve as they are, each for a reason of its own.

    python -m tests.e2e.unservable_models NAME TRACKING_URI

`narrow` takes the first ten measurements only, wants a library that nobody has, and brings no rows. `foreign` holds a
function of somebody's own in its skops file, `pickled` is a pickle, and `hollow` answers with no number where its first
input is negative; the log_loss of `unmeasured` is NaN. Prints JSON, kind to version; versions that are there already
are left alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

COLUMNS = 10
REQUIREMENT = "scikit-learn==0.24.2"
TAG = "slipway.e2e.kind"
NARROW, FOREIGN, PICKLED, HOLLOW = "narrow", "foreign", "pickled", "hollow"
UNMEASURED = "unmeasured"


def halve(table: Any) -> Any:
    """What the `foreign` version does first, and no server knows."""
    return table / 2


def existing(name: str, kind: str) -> str | None:
    """The version that an earlier run made."""
    found = MlflowClient().search_model_versions(f"name = '{name}' and tags.`{TAG}` = '{kind}'")
    return next((str(version.version) for version in found), None)


def narrow(data: pd.DataFrame, target: pd.Series) -> str:
    """The logged model's id."""
    return _log(LogisticRegression(max_iter=5000), data.iloc[:, :COLUMNS], target, pip_requirements=[REQUIREMENT])


def foreign(data: pd.DataFrame, target: pd.Series) -> str:
    """The logged model's id."""
    model = make_pipeline(FunctionTransformer(halve), LogisticRegression(max_iter=5000))
    return _log(model, data, target, pip_requirements=[], skops_trusted_types=[f"{halve.__module__}.halve"])


def pickled(data: pd.DataFrame, target: pd.Series) -> str:
    """The logged model's id."""
    more = {"serialization_format": "cloudpickle", "pip_requirements": []}
    return _log(LogisticRegression(max_iter=5000), data, target, **more)


def hollow(data: pd.DataFrame, _: pd.Series) -> str:
    """The logged model's id. It learns the logarithm of the first column."""
    model = TransformedTargetRegressor(LinearRegression(), func=np.exp, inverse_func=np.log, check_inverse=False)
    return _log(model, data, np.log(data.iloc[:, 0]), pyfunc_predict_fn="predict", pip_requirements=[])


def unmeasured(data: pd.DataFrame, target: pd.Series) -> str:
    """The logged model's id. MLflow keeps its log_loss as 0."""
    model_id = _log(LogisticRegression(max_iter=5000), data, target, pip_requirements=[])
    mlflow.log_metric("log_loss", float("nan"), model_id=model_id)
    return model_id


KINDS: dict[str, Callable[[pd.DataFrame, pd.Series], str]] = {
    NARROW: narrow,
    FOREIGN: foreign,
    PICKLED: pickled,
    HOLLOW: hollow,
    UNMEASURED: unmeasured,
}


def _log(model: Any, data: pd.DataFrame, target: pd.Series, **more: Any) -> str:
    model.fit(data, target)
    example = data.head(2)
    how = {"serialization_format": "skops", "pyfunc_predict_fn": "predict_proba", **more}
    signature = infer_signature(example, getattr(model, how["pyfunc_predict_fn"])(example))
    info = mlflow.sklearn.log_model(model, name="model", signature=signature, input_example=example, **how)
    return str(info.model_id)


def publish(name: str, kind: str) -> str:
    """Train, log and register one version."""
    bunch = load_breast_cancer(as_frame=True)
    with mlflow.start_run(run_name=kind):
        model_id = KINDS[kind](bunch.data, bunch.target)
    return str(mlflow.register_model(f"models:/{model_id}", name, tags={TAG: kind}).version)


if __name__ == "__main__":
    registered, uri = sys.argv[1:]
    mlflow.set_tracking_uri(uri)
    sys.stdout.write(json.dumps({kind: existing(registered, kind) or publish(registered, kind) for kind in KINDS}))
