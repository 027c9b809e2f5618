"""Conversion of a scikit-learn model to ONNX, in every way that may turn out exact; the proof chooses."""

from __future__ import annotations

import copy
import re
import warnings
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import numpy as np

from slipway_server.fetch.compile import graph
from slipway_server.fetch.trees import ensembles
from slipway_server.fetch.trees import splits as trees
from slipway_server.foreign import ForeignError, foreign
from slipway_server.model.bundle import NULL_WORD, Compiled, Output, Signature

Dtype = Literal["float32", "float64"]
MATRIX = "x"
# Opset 3 of ai.onnx.ml is the first with trees in double precision; both are old enough for every runtime around.
OPSET = {"": 17, "ai.onnx.ml": 3}


class Candidate(NamedTuple):
    """One conversion; `content` is the serialised ONNX model."""

    name: str
    content: bytes
    compiled: Compiled


class ConversionError(Exception):
    """The model has no ONNX form that we know how to make."""


def candidates(estimator: Any, signature: Signature) -> Iterator[Candidate | ConversionError]:
    """Yield conversions, the fastest first where it is likely to be exact, or why there is none."""
    whole = _by_matrix(estimator, signature)
    estimator = _finite(_named_nulls(estimator))
    # A forest looks at float32 only, whatever it is given; anything else computes in float64.
    order: list[tuple[Dtype, bool]] = [("float64", False), ("float64", True), ("float32", False)]
    for dtype, narrowed in order[::-1] if trees.alone(estimator) else order:
        try:
            yield _convert(estimator, signature if not whole else None, (dtype, narrowed), width(signature))
        except ConversionError as error:
            yield error


def _named_nulls(estimator: Any) -> Any:
    """The same model with a word of its own for a missing category, which the converter would call "nan" or "None"."""
    if not any(_with_null(values) for encoder in _encoders(estimator) for values in encoder.categories_):
        return estimator
    renamed = copy.deepcopy(estimator)
    for encoder in _encoders(renamed):
        encoder.categories_ = [_renamed(values) if _with_null(values) else values for values in encoder.categories_]
    return renamed


def _finite(estimator: Any) -> Any:
    """The same model without thresholds at infinity, by which a tree parts missing values from all others.

    The converter would never end on one in double precision. No row has a number beyond float32, so its greatest does.
    """
    if not any(np.isinf(tree.threshold).any() for tree in trees.members(trees.steps(estimator)[-1])):
        return estimator
    finite = copy.deepcopy(estimator)
    for tree in trees.members(trees.steps(finite)[-1]):
        np.minimum(tree.threshold, trees.FLOAT32_MAX, out=tree.threshold)
    return finite


def _encoders(estimator: Any) -> list[Any]:
    within = [t for step in trees.steps(estimator) for _, t, _ in getattr(step, "transformers_", ())]
    parts = [*trees.steps(estimator), *(part for part in within if hasattr(part, "fit"))]
    return [step for part in parts for step in trees.steps(part) if hasattr(step, "categories_")]


def _with_null(values: Any) -> bool:
    return values.dtype.kind == "O" and any(value is None or value != value for value in values.tolist())


def _renamed(values: Any) -> Any:
    found = values.copy()
    found[:] = [NULL_WORD if value is None or value != value else value for value in values.tolist()]
    return found


def width(signature: Signature) -> int:
    """How many columns the signature has."""
    return len(signature.columns) or (signature.tensors[0].shape[1] if signature.tensors else 0)


def _by_matrix(estimator: Any, signature: Signature) -> bool:
    names = {type(step).__name__ for step in trees.steps(estimator)}
    return "ColumnTransformer" not in names and (signature.numeric or bool(signature.tensors))


def _convert(estimator: Any, by_column: Signature | None, variant: tuple[Dtype, bool], width: int) -> Candidate:
    from skl2onnx import convert_sklearn

    dtype, narrowed = variant
    options = {id(trees.steps(estimator)[-1]): {"zipmap": False}} if hasattr(estimator, "predict_proba") else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            types = _types(by_column, dtype, width)
            model = foreign(convert_sklearn, estimator, initial_types=types, options=options, target_opset=OPSET)
        except ForeignError as error:
            raise ConversionError(f"{dtype}: {str(error)[:200]}") from error
    if dtype == "float64":
        graph.impute(model)
    _send_missing(model, estimator)
    if narrowed and not graph.narrow(model):
        raise ConversionError(f"{dtype}: no trees that could be narrowed")
    inputs = _inputs(model, by_column) if by_column else {}
    compiled = Compiled(_methods(model), "" if by_column else MATRIX, dtype, inputs)
    return Candidate(f"{dtype}{', trees in float32' if narrowed else ''}", model.SerializeToString(), compiled)


def _send_missing(model: Any, estimator: Any) -> None:
    try:
        own = foreign(ensembles.own, estimator)
    except ForeignError as error:
        raise ConversionError(f"its trees can't be read: {error}") from error
    if own is not None:
        graph.branches(model, own.missing)


def _types(by_column: Signature | None, dtype: Dtype, width: int) -> list[tuple[str, Any]]:
    from skl2onnx.common import data_types as kinds

    real = kinds.FloatTensorType if dtype == "float32" else kinds.DoubleTensorType
    if by_column is None:
        return [(MATRIX, real([None, width]))]
    known = {
        "integer": kinds.Int64TensorType,
        "long": kinds.Int64TensorType,
        "boolean": kinds.BooleanTensorType,
        "string": kinds.StringTensorType,
        "float": real,
        "double": real,
    }
    for column in by_column.columns:
        if column.type not in known:
            raise ConversionError(f"column {column.name!r} is of type {column.type}")
    return [(column.name, known[column.type]([None, 1])) for column in by_column.columns]


def _methods(model: Any) -> dict[str, Output]:
    names = [output.name for output in model.graph.output]
    if len(names) == 2:
        return {"predict": Output(names[0]), "predict_proba": Output(names[1])}
    if len(names) != 1:
        raise ConversionError(f"the conversion has {len(names)} outputs: {names}")
    shape = model.graph.output[0].type.tensor_type.shape.dim
    return {"predict": Output(names[0], flat=len(shape) == 2 and shape[1].dim_value == 1)}


def _inputs(model: Any, signature: Signature) -> dict[str, str]:
    """Which input of the graph is which column: the converter replaces what can't stand in a name of C."""
    names = [graph_input.name for graph_input in model.graph.input]
    plain = {column.name: re.sub(r"\W", "_", column.name, flags=re.ASCII) for column in signature.columns}
    if len(set(plain.values())) != len(plain):
        raise ConversionError("two columns have names that differ in special characters only")
    found = {column: name for column, plain_name in plain.items() for name in (column, plain_name) if name in names}
    if set(found.values()) != set(names):
        raise ConversionError(f"the graph asks for {sorted(set(names) - set(found.values()))[:3]}, which is no column")
    return found
