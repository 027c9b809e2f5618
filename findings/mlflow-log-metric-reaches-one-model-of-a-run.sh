#!/usr/bin/env bash
# MLflow 3.17.2, SQLite store.
# mlflow.log_metric without model_id is documented to use the models of the active run. Where the run has two, it logs
# on the first alone: it returns from within its loop over them.
# Seen:
#   mlflow 3.17.2
#   first: {'f1': 0.5}, second: {}
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
    first, second = (
        mlflow.pyfunc.log_model(name=name, python_model=answers, pip_requirements=[]).model_id for name in ("a", "b")
    )
    mlflow.log_metric("f1", 0.5)
print(f"first: {figures(first)}, second: {figures(second)}")
raise SystemExit((figures(first), figures(second)) != ({"f1": 0.5}, {}))
PY
