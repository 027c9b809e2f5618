#!/usr/bin/env bash
# MLflow 3.17.2, SQLite store.
# A NaN that is logged on a logged model comes back from the model as 0.0, while the run says NaN: on a run it is kept
# as 0 with a mark, on a model without one. A loss of NaN looks perfect.
# Seen:
#   mlflow 3.17.2
#   run: nan, logged model: 0.0
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

logging.disable(logging.WARNING)
mlflow.set_tracking_uri("sqlite:///mlflow.db")
client = MlflowClient()
print("mlflow", mlflow.__version__)

run = client.create_run("0").info.run_id
model = client.create_logged_model("0", source_run_id=run).model_id
client.log_metric(run, "log_loss", float("nan"), model_id=model)
of_run = client.get_run(run).data.metrics["log_loss"]
of_model = client.get_logged_model(model).metrics[0].value
print(f"run: {of_run}, logged model: {of_model}")
raise SystemExit(not (of_run != of_run and of_model == 0))
PY
