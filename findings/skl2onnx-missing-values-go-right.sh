#!/bin/bash
# skl2onnx 1.20.0 writes nodes_missing_value_tracks_true = 0 for every node of scikit-learn's trees and forests, whatever
# missing_go_to_left says: a tree that learnt from NaN answers rows with NaN otherwise, without a word. (For
# HistGradientBoosting it writes the flag.) The runtime honours the flag where it is set.
# Seen: scikit-learn [1, 1, 0] for NaN, 20, 60; ONNX Runtime [0, 1, 0]; with the flags set by hand [1, 1, 0].
# Exits 1 when the converter writes the flags.
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
from sklearn.tree import DecisionTreeClassifier

ages = np.array([[20], [30], [50], [60], [np.nan]] * 20, dtype=np.float32)
model = DecisionTreeClassifier(random_state=0).fit(ages, [1, 1, 0, 0, 1] * 20)
rows = np.array([[np.nan], [20], [60]], dtype=np.float32)
graph = to_onnx(model, ages[:1], options={"zipmap": False}, target_opset={"": 17, "ai.onnx.ml": 3})


def answer() -> list[int]:
    return onnxruntime.InferenceSession(graph.SerializeToString()).run(None, {"X": rows})[0].tolist()


converted = answer()
trees = next(node for node in graph.graph.node if node.op_type.startswith("TreeEnsemble"))
flags = next(each for each in trees.attribute if each.name == "nodes_missing_value_tracks_true")
flags.ints[:] = model.tree_.missing_go_to_left.tolist()
own, mended = model.predict(rows).tolist(), answer()
print(f"skl2onnx {version('skl2onnx')}: scikit-learn {own}, ONNX Runtime {converted}, with flags {mended}")
sys.exit((own, converted, mended) != ([1, 1, 0], [0, 1, 0], [1, 1, 0]))
PYTHON
