"""The models that are measured, on 30 columns of breast-cancer data: a forest, a regression, one in Python code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import warnings
from pathlib import Path
from typing import Any

from benchmarks.serving.peers import fetch_command

FUNCTION = """
import mlflow.models
import mlflow.pyfunc
import pandas
import skops.io


class Model(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        self.model = skops.io.load(context.artifacts["model"])

    def predict(self, context, model_input: pandas.DataFrame, params=None):
        return self.model.predict(model_input)


mlflow.models.set_model(Model())
"""


def save(folder: Path) -> dict[str, Path]:
    """Train and save every model once; return their directories by name."""
    found = {name: folder / name for name in ("forest", "logistic", "pyfunc")}
    done = folder / "models-saved"
    if not done.exists():
        for path in found.values():
            shutil.rmtree(path, ignore_errors=True)
        _train(found)
        done.touch()
    return found


def prepared(saved: Path, out: Path, *, compile: bool) -> dict[str, Any]:  # noqa: A002 - the setting's name
    """Fetch a saved model anew for our server; return the report. Raises SystemExit when it is served another way."""
    report = out.with_suffix(".json")
    command = [*fetch_command(), "--model", str(saved), "--out", str(out), "--report", str(report)]
    environment = {"SLIPWAY_ALLOW_CODE": "true", "SLIPWAY_COMPILE": str(compile).lower()}
    subprocess.run(command, check=True, env=os.environ | environment, stderr=subprocess.DEVNULL)
    found: dict[str, Any] = json.loads(report.read_text())
    if found["compiled"] != compile:
        raise SystemExit(f"{saved.name}: {found['why']}")
    return found


def body(saved: Path, rows: int, path: Path) -> Path:
    """Write a request of `rows` rows of the model's example."""
    example = json.loads((saved / "serving_input_example.json").read_text())["dataframe_split"]
    data = (example["data"] * rows)[:rows]
    path.write_text(json.dumps({"dataframe_split": {"columns": example["columns"], "data": data}}))
    return path


def _train(found: dict[str, Path]) -> None:
    import mlflow.pyfunc
    import mlflow.sklearn
    import skops.io
    from mlflow.models import infer_signature
    from sklearn.datasets import load_breast_cancer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    warnings.simplefilter("ignore")
    x, y = load_breast_cancer(return_X_y=True, as_frame=True)
    common: dict[str, Any] = {"signature": infer_signature(x, y.to_numpy()), "input_example": x.head(50)}
    common["pip_requirements"] = []
    logistic = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y)
    forest = RandomForestClassifier(100, random_state=0).fit(x, y)
    reference = json.dumps({"features": {name: _bins(x[name]) for name in x}})
    for name, model in (("forest", forest), ("logistic", logistic)):
        mlflow.sklearn.save_model(model, found[name], skops_trusted_types=["sklearn.tree._tree.Tree"], **common)
        (found[name] / "reference.json").write_text(reference)
    folder = found["pyfunc"].parent
    (folder / "function.py").write_text(FUNCTION)
    skops.io.dump(logistic, folder / "logistic.skops")
    artifacts = {"model": str(folder / "logistic.skops")}
    mlflow.pyfunc.save_model(found["pyfunc"], python_model=str(folder / "function.py"), artifacts=artifacts, **common)


def _bins(values: Any) -> dict[str, Any]:
    """Tenths of the training data, which drift is counted against."""
    edges = sorted({float(edge) for edge in values.quantile([tenth / 10 for tenth in range(1, 10)])})
    return {"edges": edges, "shares": [1 / (len(edges) + 1)] * (len(edges) + 1)}
