"""Missing values: in which columns the model takes them, and in which a conversion takes them for the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from slipway_server.errors import RequestError
from slipway_server.fetch.proof.prove import Proof
from slipway_server.fetch.proof.table_rows import typed
from slipway_server.foreign import ForeignError, foreign
from slipway_server.model.bundle import Signature
from slipway_server.model.inputs import Inputs, joined
from slipway_server.predictor.runner import Predictor

KIND = "missing"
_REAL = ("float", "double")
_MOST = 64  # columns that are tried one by one
_SHARE = 0.1


def accepted(predictor: Predictor, signature: Signature, example: Inputs) -> tuple[str, ...]:
    """The columns in which the model answers a missing value, asked of the model itself.

    Asked are columns of real numbers, and those of any type that the signature says may be missing.
    """
    names = [c.name for c in signature.matrix_columns if c.type in _REAL or not c.required]
    if not names or (example.matrix is None and example.columns is None):
        return ()
    if _answers(predictor, _all_missing(example, signature, names)):
        return tuple(names)
    apart = names if len(names) <= _MOST else ()
    alone = [name for name in apart if _answers(predictor, _all_missing(example, signature, [name]))]
    return tuple(alone) if alone and _answers(predictor, _all_missing(example, signature, alone)) else ()


def where(inputs: Inputs, signature: Signature) -> frozenset[str]:
    """The columns in which a value is missing."""
    if inputs.matrix is not None:
        holes = np.isnan(inputs.matrix).any(axis=0).tolist()
        return frozenset(c.name for c, hole in zip(signature.matrix_columns, holes, strict=True) if hole)
    return frozenset(
        name
        for name, values in (inputs.columns or {}).items()
        if any(value is None or value != value for value in values.tolist())
    )


def with_holes(inputs: Inputs, signature: Signature, names: Sequence[str]) -> Inputs:
    """The same rows, a tenth of the values of the named columns missing."""
    rng = np.random.default_rng(21)
    return _holed(inputs, signature, {name: rng.random(inputs.rows) < _SHARE for name in names})


def proved(prove: Callable[[dict[str, Inputs]], Proof], rows: Inputs, about: tuple[Signature, Sequence[str]]) -> Proof:
    """Prove the kind of rows where all the named columns may be missing; `holds` is False where a row was refused."""
    signature, names = about
    proof = prove({KIND: with_holes(rows, signature, names)})
    counts = proof.rows[KIND]
    if proof.holds and (counts.refused_by_one or counts.refused_by_both or not counts.compared):
        return Proof(False, proof.rows, proof.worst, proof.tolerance, f"{KIND}: rows are refused")
    return proof


def best(
    prove: Callable[[dict[str, Inputs]], Proof], rows: Inputs, about: tuple[Signature, Sequence[str]]
) -> list[str]:
    """The columns, out of the named ones, in which a missing value is proved to be answered alike."""
    signature, names = about
    if not names or proved(prove, rows, about).holds:
        return list(names)
    if len(names) > _MOST:
        return []
    alone = [name for name in names if proved(prove, rows, (signature, [name])).holds]
    return alone if alone and proved(prove, rows, (signature, alone)).holds else []


def _all_missing(example: Inputs, signature: Signature, names: Sequence[str]) -> Inputs:
    """The example's rows, and once more with all of the named values missing."""
    twice = joined([example, example])
    return _holed(twice, signature, {name: np.arange(twice.rows) >= example.rows for name in names})


def _holed(inputs: Inputs, signature: Signature, holes: dict[str, NDArray[np.bool_]]) -> Inputs:
    if inputs.matrix is not None:
        matrix = inputs.matrix.astype(np.float64)
        for index, column in enumerate(signature.matrix_columns):
            if column.name in holes:
                matrix[holes[column.name], index] = np.nan
        return Inputs(inputs.rows, matrix=matrix)
    columns = dict(inputs.columns or {})
    for column in signature.columns:
        if column.name in holes:
            values = columns[column.name].astype(object)
            values[holes[column.name]] = None
            columns[column.name] = typed(values, column)
    return Inputs(inputs.rows, columns=columns)


def _answers(predictor: Predictor, inputs: Inputs) -> bool:
    try:
        answer = np.asarray(foreign(predictor.predict, inputs))
    except (ForeignError, RequestError):
        return False
    return answer.dtype.kind != "f" or not bool(np.isnan(answer).any())
