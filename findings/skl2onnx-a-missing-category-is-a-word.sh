#!/bin/bash
# skl2onnx 1.20.0 names an encoder's missing category by the text "nan" (or "None"), and ONNX Runtime 1.32.0 reads a
# missing element of a string tensor as the same kind of text. So the text "nan", which scikit-learn's encoder does not
# know, is taken for a missing value in the converted model.
# Seen: scikit-learn encodes the text "nan" as [0, 0] (unknown), ONNX Runtime as [0, 1] (missing).
# Exits 1 when the two agree.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet skl2onnx==1.20.0 onnx==1.23.2 onnxruntime==1.32.0 scikit-learn==1.9.1
"$work/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import StringTensorType
from sklearn.preprocessing import OneHotEncoder

cities = np.array([["Bonn"], [np.nan]], dtype=object)
model = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(cities)
graph = to_onnx(model, initial_types=[("city", StringTensorType([None, 1]))], target_opset={"": 17, "ai.onnx.ml": 3})
session = onnxruntime.InferenceSession(graph.SerializeToString())
text = np.array([["nan"]], dtype=object)
own = model.transform(text)[0].astype(int).tolist()
got = session.run(None, {"city": text})[0].reshape(-1).astype(int).tolist()
print(f"skl2onnx {version('skl2onnx')}: the text 'nan' is {own} by scikit-learn and {got} by ONNX Runtime")
sys.exit((own, got) != ([0, 0], [0, 1]))
PYTHON
