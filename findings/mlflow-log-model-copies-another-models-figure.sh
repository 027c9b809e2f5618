#!/usr/bin/env bash
# MLflow 3.17.2, SQLite store.
# Logging a second model in a run copies the run's figures of that step to it, also those that were logged on the first
# model alone, with its model_id. The second model then has a figure that nobody measured on it.
# Seen:
#   mlflow 3.17.2
#   first: {'auc': 0.95}, second: {'auc': 0.95}
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check mlflow-skinny==3.17.2 sqlalchemy==2.1.9 alembic==1.20.1 pandas==3.1.1
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PY'
import logging

import mlflow
from mlflow import MlflowClient

logging.disable(logging.WARNING)
mlflow.set_tracking_uri("sqlite:///mlflow.db")
client = MlflowClient()
print("mlflow", mlflow.__version__)


def answers(model_input: list[str]) -> list[str]:
    return model_input


def figures(model):
    return {metric.key: metric.value for metric in client.get_logged_model(model).metrics or []}


with mlflow.start_run():
    first = mlflow.pyfunc.log_model(name="first", python_model=answers, pip_requirements=[]).model_id
    mlflow.log_metric("auc", 0.95, model_id=first)
    second = mlflow.pyfunc.log_model(name="second", python_model=answers, pip_requirements=[]).model_id
print(f"first: {figures(first)}, second: {figures(second)}")
raise SystemExit(figures(second) != {"auc": 0.95})
PY
