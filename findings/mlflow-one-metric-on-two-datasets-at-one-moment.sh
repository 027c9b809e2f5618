#!/usr/bin/env bash
# MLflow 3.17.2, SQLite store.
# One metric of one model on two datasets in one log_batch, at one step and time, is refused: the dataset is no part of
# the key of a model's figures. The run has both figures all the same, and the model none.
# Seen:
#   mlflow 3.17.2
#   BAD_REQUEST; run: [0.81, 0.99], logged model: []
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check mlflow-skinny==3.17.2 sqlalchemy==2.1.9 alembic==1.20.1
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PY'
import logging

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric
from mlflow.exceptions import MlflowException

logging.disable(logging.WARNING)
mlflow.set_tracking_uri("sqlite:///mlflow.db")
client = MlflowClient()
print("mlflow", mlflow.__version__)

run = client.create_run("0").info.run_id
model = client.create_logged_model("0", source_run_id=run).model_id
sides = [("train", 0.99), ("holdout", 0.81)]
batch = [Metric("auc", v, 1000, 0, model_id=model, dataset_name=name, dataset_digest=name) for name, v in sides]
try:
    client.log_batch(run, metrics=batch)
    said = "accepted"
except MlflowException as error:
    said = error.error_code
of_run = sorted(metric.value for metric in client.get_metric_history(run, "auc"))
of_model = [metric.value for metric in client.get_logged_model(model).metrics or []]
print(f"{said}; run: {of_run}, logged model: {of_model}")
raise SystemExit((said, of_run, of_model) != ("BAD_REQUEST", [0.81, 0.99], []))
PY
