#!/usr/bin/env bash
# MLflow writes an input example with a hole as JSON that is none.
#
# Version: mlflow-skinny 3.17.2, pandas 3.1.1.
# Behaviour: save_model(..., input_example=frame) with a missing number writes a bare `NaN` into
#   serving_input_example.json and input_example.json. RFC 8259 has no such word: strict parsers refuse both files.
# Seen: "serving_input_example.json: NaN, 1.0 | strict: refused (bare NaN)"
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet mlflow-skinny==3.17.2 pandas==3.1.1 cloudpickle==3.1.2
cd "$work"
MLFLOW_DISABLE_TELEMETRY=true "$work/venv/bin/python" - 2>/dev/null <<'PYTHON'
import json, pathlib, sys
import mlflow, pandas


class Model(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: pandas.DataFrame):
        return model_input["x"].isna().tolist()


def strict(word):
    raise ValueError(f"bare {word}")


frame = pandas.DataFrame({"x": [None, 1.0]})
mlflow.pyfunc.save_model("model", python_model=Model(), input_example=frame, pip_requirements=[])
text = pathlib.Path("model/serving_input_example.json").read_text()
try:
    json.loads(text, parse_constant=strict)
    told = "read"
except ValueError as error:
    told = f"refused ({error})"
values = [word for word in text.replace(",", " ").split() if word in ("NaN", "null", "1.0")]
print("mlflow", mlflow.__version__, "| serving_input_example.json:", ", ".join(values), "| strict:", told)
sys.exit(told == "read")
PYTHON
