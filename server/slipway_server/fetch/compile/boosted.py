"""Conversion of gradient-boosted trees, XGBoost's and LightGBM's, to ONNX; the proof chooses.

XGBoost compares in float32, so one conversion is exact. LightGBM compares in float64, which the converter rounds: its
thresholds are put back.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from typing import Any

from slipway_server.fetch.compile import graph
from slipway_server.fetch.compile.convert import MATRIX, Candidate, ConversionError, Dtype, width
from slipway_server.fetch.trees import splits as trees
from slipway_server.foreign import ForeignError, foreign
from slipway_server.model.bundle import Compiled, Output, Signature

FLAVORS = frozenset({"xgboost", "lightgbm"})
_OPSET = 15  # the newest that both converters know


def candidates(estimator: Any, signature: Signature) -> Iterator[Candidate | ConversionError]:
    """Yield conversions, the fastest first where it is likely to be exact, or why there is none."""
    if not signature.numeric:
        yield ConversionError("gradient-boosted trees are compiled for tables of numbers without optional columns only")
        return
    orders: tuple[Dtype, ...] = ("float32",) if trees.is_xgboost(estimator) else ("float64", "float32")
    for dtype in orders:
        try:
            yield _convert(estimator, width(signature), dtype)
        except ConversionError as error:
            yield error


def _convert(estimator: Any, columns: int, dtype: Dtype) -> Candidate:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model = foreign(_converted, estimator, columns)
        except ForeignError as error:
            raise ConversionError(f"{dtype}: {str(error)[:200]}") from error
    if dtype == "float64" and not graph.widen(model, MATRIX, trees.splits(estimator)):
        raise ConversionError(f"{dtype}: the converter's thresholds are not the model's own")
    compiled = Compiled(_methods(model, estimator), MATRIX, dtype)
    return Candidate(dtype, model.SerializeToString(), compiled)


def _converted(estimator: Any, columns: int) -> Any:
    import onnxmltools
    from onnxmltools.convert.common.data_types import FloatTensorType

    types = [(MATRIX, FloatTensorType([None, columns]))]
    if not trees.is_xgboost(estimator):
        return onnxmltools.convert_lightgbm(estimator, initial_types=types, zipmap=False, target_opset=_OPSET)
    nameless = copy.deepcopy(estimator)  # the converter knows columns by number only
    booster = nameless.get_booster() if hasattr(nameless, "get_booster") else nameless
    booster.feature_names = None
    booster.feature_types = None
    return onnxmltools.convert_xgboost(nameless, initial_types=types, target_opset=_OPSET)


def _methods(model: Any, estimator: Any) -> dict[str, Output]:
    """Which output is which answer: a booster by itself answers with scores, a classifier with labels."""
    names = [output.name for output in model.graph.output]
    if len(names) == 1:
        return {"predict": Output(names[0], flat=True)}
    if hasattr(estimator, "predict_proba"):
        return {"predict": Output(names[0]), "predict_proba": Output(names[1])}
    return {"predict": Output(graph.positive(model, names[1]) if trees.is_binary(estimator) else names[1])}
