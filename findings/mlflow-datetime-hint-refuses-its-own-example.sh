#!/usr/bin/env bash
# A PythonModel with the type hint list[datetime] can't be asked over HTTP, not even with the example that MLflow wrote for it.
#
# Version: mlflow-skinny 3.17.2.
# Behaviour: save_model accepts the hint and an input example of datetimes, and writes serving_input_example.json with
#   texts, the only form that JSON has. The scoring server hands texts over as they are and validates them against the
#   hint without a conversion: 400 for every request.
# Seen: "its own example: 400 Expected type datetime, but got str"
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet mlflow-skinny==3.17.2 pandas==3.1.1 fastapi==0.165.0 cloudpickle==3.1.2
cd "$work"
MLFLOW_DISABLE_TELEMETRY=true "$work/venv/bin/python" - 2>/dev/null <<'PYTHON'
import datetime, pathlib, sys
import mlflow
from mlflow.exceptions import MlflowException
from mlflow.pyfunc.scoring_server import invocations


class Model(mlflow.pyfunc.PythonModel):
    def predict(self, model_input: list[datetime.datetime]) -> list[int]:
        return [each.year for each in model_input]


example = [datetime.datetime(2026, 1, 1)]
mlflow.pyfunc.save_model("model", python_model=Model(), input_example=example, pip_requirements=[])
model = mlflow.pyfunc.load_model("model")
body = pathlib.Path("model/serving_input_example.json").read_text()
try:
    told = f"200 {invocations(body, 'application/json', model, model.metadata.get_input_schema()).response}"
except MlflowException as error:
    told = f"{error.get_http_status_code()} {error.message}"
print("mlflow", mlflow.__version__, "| by Python:", model.predict(example), "| its own example:", told.replace("\n", " "))
sys.exit(not told.startswith("400") or "Expected type datetime, but got str" not in told)
PYTHON
