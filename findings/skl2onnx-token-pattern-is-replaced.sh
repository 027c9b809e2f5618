#!/bin/bash
# skl2onnx 1.20.0 converts a CountVectorizer's token pattern (?u)\b\w\w+\b to [a-zA-Z0-9_]+ without a warning: in the
# converted model "café" is the word "caf", and a word of one letter is one.
# Seen: scikit-learn counts of "café" for the words ["caf", "house"]: [0, 0]; ONNX Runtime: [1, 0]; warnings: 0.
# Exits 1 when a word with an accent is no longer cut in two.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet skl2onnx==1.20.0 onnx==1.23.2 onnxruntime==1.32.0 scikit-learn==1.9.1
"$work/venv/bin/python" - <<'PYTHON'
import sys
import warnings
from importlib.metadata import version

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import StringTensorType
from sklearn.feature_extraction.text import CountVectorizer

model = CountVectorizer(lowercase=False).fit(["caf house"])
with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always")
    graph = to_onnx(model, initial_types=[("text", StringTensorType([None, 1]))], target_opset={"": 17, "ai.onnx.ml": 3})
session = onnxruntime.InferenceSession(graph.SerializeToString())
own = model.transform(["café"]).toarray()[0].astype(int).tolist()
got = session.run(None, {"text": np.array([["café"]], dtype=object)})[0][0].astype(int).tolist()
told = [str(each.message) for each in warned if "token" in str(each.message)]
print(f"skl2onnx {version('skl2onnx')}: scikit-learn {own}, ONNX Runtime {got}, warnings about tokens: {len(told)}")
sys.exit((own, got, told) != ([0, 0], [1, 0], []))
PYTHON
