#!/usr/bin/env bash
# MLflow's scoring server answers the same row differently, alone and beside another row, where a word is missing.
#
# Version: mlflow-skinny 3.17.2, pandas 3.1.1, scikit-learn 1.9.1.
# Behaviour: a column that holds nulls alone is made of None (object), one that holds a null beside words is made of NaN
#   (str, pandas 3). OneHotEncoder knows the NaN of its training; None is an unknown category to it.
# Seen: "null alone: [0], null beside a word: [1, 0]"
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet mlflow-skinny==3.17.2 pandas==3.1.1 scikit-learn==1.9.1 fastapi==0.165.0 cloudpickle==3.1.2
cd "$work"
MLFLOW_DISABLE_TELEMETRY=true "$work/venv/bin/python" - 2>/dev/null <<'PYTHON'
import json, sys
import mlflow, numpy, pandas, sklearn
from mlflow.models import infer_signature
from mlflow.pyfunc.scoring_server import invocations
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

words = ["a", "b", None] * 60
x, y = pandas.DataFrame({"c": words, "x": numpy.linspace(0, 1, 180)}), [int(word is None) for word in words]
columns = ColumnTransformer([("o", OneHotEncoder(handle_unknown="ignore"), ["c"])], remainder="passthrough")
pipeline = make_pipeline(columns, LogisticRegression()).fit(x, y)
mlflow.sklearn.save_model(
    pipeline, "model", signature=infer_signature(x, y), serialization_format="cloudpickle", pip_requirements=[]
)
model = mlflow.pyfunc.load_model("model")


def ask(*rows):
    body = json.dumps({"dataframe_split": {"columns": ["c", "x"], "data": rows}})
    return json.loads(invocations(body, "application/json", model, model.metadata.get_input_schema()).response)["predictions"]


alone, beside = ask([None, 0.5]), ask([None, 0.5], ["a", 0.5])
versions = f"mlflow {mlflow.__version__}, pandas {pandas.__version__}, scikit-learn {sklearn.__version__}"
print(f"{versions} | null alone: {alone}, null beside a word: {beside}")
sys.exit(alone[0] == beside[0])
PYTHON
