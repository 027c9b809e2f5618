"""Predicting with ONNX Runtime: no scikit-learn, pandas or MLflow in the process, and never a pickle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from slipway_server.errors import ModelError, unknown_params
from slipway_server.foreign import ForeignError, foreign
from slipway_server.model.bundle import FOLDER, NULL_WORD, ONNX_FILE, Bundle, Column, Compiled
from slipway_server.model.inputs import Inputs

_FIXED = {"integer": np.int64, "long": np.int64, "boolean": np.bool_}


class OnnxPredictor:
    """A compiled model. Each row's answer stands alone."""

    rowwise = True

    def __init__(self, content: bytes, compiled: Compiled, columns: tuple[Column, ...], predict_fn: str) -> None:
        self.session = onnxruntime.InferenceSession(content, _options(), providers=["CPUExecutionProvider"])
        self.run = self.session.run
        self.compiled = compiled
        self.columns = columns
        self.default = compiled.methods[predict_fn]
        self.names = [self.default.name]
        self.feed = compiled.matrix
        self.dtype = np.dtype(compiled.dtype)

    def predict(self, inputs: Inputs) -> NDArray[Any]:
        """Return one answer per row. Raises `RequestError` for a method that was not compiled."""
        output = self.default if not inputs.params else self._asked(inputs.params)
        feed = self._feed(inputs)
        result: NDArray[Any] = self.run([output.name], feed)[0]
        return result.reshape(-1) if output.flat else result

    def _asked(self, params: dict[str, Any]) -> Any:
        method = params.get("predict_fn", "")
        if set(params) == {"predict_fn"} and isinstance(method, str) and method in self.compiled.methods:
            return self.compiled.methods[method]
        known = ", ".join(sorted(self.compiled.methods))
        raise unknown_params(params, known)

    def _feed(self, inputs: Inputs) -> dict[str, NDArray[Any]]:
        matrix = inputs.matrix
        if matrix is not None and self.feed:
            return {self.feed: matrix if matrix.dtype == self.dtype else matrix.astype(self.dtype)}
        given = inputs.columns or {}
        feed = {}
        for index, column in enumerate(self.columns):
            name = self.compiled.inputs.get(column.name)
            if name is not None:
                values = given[column.name] if matrix is None else matrix[:, index]
                feed[name] = fed(values, column.type, self.dtype).reshape(-1, 1)
        return feed


def fed(values: NDArray[Any], kind: str, dtype: np.dtype[Any]) -> NDArray[Any]:
    """One column as the graph takes it. Raises ValueError where a missing value has no form in it."""
    if kind == "string":
        found = np.empty(len(values), dtype=object)
        found[:] = [NULL_WORD if value is None else _word(value) for value in values.tolist()]
        return found
    if kind in _FIXED and values.dtype.kind == "f" and bool(np.isnan(values).any()):
        raise ValueError(f"a value of type {kind} is missing")
    return values.astype(_FIXED.get(kind, dtype))


def _word(value: Any) -> Any:
    """A text is never the missing word, whatever a client sends."""
    return value if value != NULL_WORD else f"{value}?"


def _options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what an input provokes is answered, and no line of the log
    return options


def build(directory: Path, bundle: Bundle) -> OnnxPredictor:
    """Load the compiled model under `directory`. Raises `ModelError` LoadFailed."""
    path = directory / FOLDER / ONNX_FILE
    if bundle.compiled is None:
        raise ModelError("LoadFailed", f"{directory} says the model is compiled, but not how; fetch it again")
    try:
        columns, method = bundle.signature.columns, bundle.predict_fn
        return foreign(OnnxPredictor, path.read_bytes(), bundle.compiled, columns, method)
    except (OSError, ForeignError) as error:
        raise ModelError("LoadFailed", f"{path} can't be loaded: {error}; fetch the model again") from error
