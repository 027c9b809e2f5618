#!/usr/bin/env bash
# MLflow 3.17.2, SQLite store.
# An infinite metric comes back as the largest double, on runs and on logged models: it is finite, and compares.
# Seen:
#   mlflow 3.17.2
#   run: 1.7976931348623157e+308, logged model: -1.7976931348623157e+308
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check mlflow-skinny==3.17.2 sqlalchemy==2.1.9 alembic==1.20.1
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PY'
import logging
import math
import sys

import mlflow
from mlflow import MlflowClient

logging.disable(logging.WARNING)
mlflow.set_tracking_uri("sqlite:///mlflow.db")
client = MlflowClient()
print("mlflow", mlflow.__version__)

run = client.create_run("0").info.run_id
model = client.create_logged_model("0", source_run_id=run).model_id
client.log_metric(run, "auc", math.inf)
client.log_metric(run, "r2", -math.inf, model_id=model)
of_run = client.get_run(run).data.metrics["auc"]
of_model = client.get_logged_model(model).metrics[0].value
print(f"run: {of_run}, logged model: {of_model}")
raise SystemExit(not (of_run == sys.float_info.max == -of_model))
PY
