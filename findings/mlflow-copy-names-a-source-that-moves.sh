#!/usr/bin/env bash
# MLflow 3.17.2, SQLite store.
# A copied version keeps its source as models:/NAME/VERSION. When NAME is renamed and given to another model, the source
# names that other model, while the copy's artifacts are still those that were copied.
# Seen:
#   mlflow 3.17.2
#   source models:/dev/1 is now the second model; the artifacts are the first one's
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

first, second = (client.create_logged_model("0") for _ in range(2))
client.create_registered_model("dev")
client.create_model_version("dev", f"models:/{first.model_id}", model_id=first.model_id)
copy = client.copy_model_version("models:/dev/1", "prod")
client.rename_registered_model("dev", "before")
client.create_registered_model("dev")
client.create_model_version("dev", f"models:/{second.model_id}", model_id=second.model_id)
copy = client.get_model_version("prod", copy.version)
moved = copy.source == "models:/dev/1" and client.get_model_version("dev", "1").source.endswith(second.model_id)
kept = client.get_model_version_download_uri("prod", copy.version) == first.artifact_location
print(f"source {copy.source} is now the {'second' if moved else 'first'} model;", end=" ")
print(f"the artifacts are {'the first one' if kept else 'another'}'s")
raise SystemExit(not (moved and kept))
PY
