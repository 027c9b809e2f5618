#!/usr/bin/env bash
# MLflow 3.17.2, XGBoost 3.2.0.
# A classifier that takes 0 for a missing value (missing=0.0) and is saved and loaded by mlflow.xgboost takes NaN for one
# afterwards: rows with zeros go another way through the same trees, and nothing is said.
# Seen:
#   mlflow 3.17.2, xgboost 3.2.0
#   missing: 0.0 before, nan after; labels that differ: 31 of 400
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check mlflow-skinny==3.17.2 xgboost-cpu==3.2.0 scikit-learn==1.9.1 pandas==3.1.1
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PY'
import logging

import mlflow
import mlflow.xgboost
import numpy as np
import xgboost

logging.disable(logging.WARNING)
print(f"mlflow {mlflow.__version__}, xgboost {xgboost.__version__}")
rows = np.random.default_rng(3).integers(-2, 3, (400, 3)).astype(float)
model = xgboost.XGBClassifier(n_estimators=10, missing=0.0).fit(rows, (rows[:, 0] + rows[:, 1] > 0).astype(int))
mlflow.xgboost.save_model(model, "saved", pip_requirements=[])
loaded = mlflow.xgboost.load_model("saved")
wrong = int((loaded.predict(rows) != model.predict(rows)).sum())
print(f"missing: {model.missing} before, {loaded.missing} after; labels that differ: {wrong} of {len(rows)}")
raise SystemExit(not (model.missing == 0.0 and loaded.missing != loaded.missing and wrong > 0))
PY
