"""The values that a model's encoders and vectorizers know, per column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from slipway_server.fetch.trees import splits as trees
from slipway_server.model.bundle import Signature
from slipway_server.model.inputs import Inputs


class Categories(NamedTuple):
    """`known`: every value that an encoder was trained on; `only`: columns where it refuses any other.

    `words` are those that vectorizers of texts know. A missing value that an encoder was trained on is None.
    """

    known: dict[str, list[Any]]
    only: dict[str, list[Any]]
    words: list[str]


def categories(estimator: Any, signature: Signature) -> Categories:
    """Look into the column transformers of a pipeline, and at an encoder that is its first step."""
    names = [column.name for column in signature.matrix_columns]
    known: dict[str, list[Any]] = {}
    only: dict[str, list[Any]] = {}
    words: set[str] = set()
    steps = trees.steps(estimator)
    parts = [(steps[0], names)] + [
        (transformer, _names(columns, names))
        for step in steps
        for _, transformer, columns in getattr(step, "transformers_", ())
    ]
    for part, places in parts:
        for encoder in _encoders(part):
            found = dict(zip(places, ([_plain(v) for v in c.tolist()] for c in encoder.categories_), strict=False))
            known |= found
            if getattr(encoder, "handle_unknown", "") == "error":
                only |= found
        words |= {word for step in _steps(part) for word in getattr(step, "vocabulary_", ()) if isinstance(word, str)}
    return Categories(known, only, sorted(words))


def outside(only: dict[str, list[Any]], signature: Signature, inputs: Inputs) -> NDArray[np.bool_]:
    """Which rows hold a value that its column's encoder refuses; the readers refuse them before."""
    found = np.zeros(inputs.rows, dtype=bool)
    for index, column in enumerate(signature.matrix_columns):
        allowed = set(only.get(column.name, ()))
        if allowed:
            values = (inputs.columns or {})[column.name] if inputs.matrix is None else inputs.matrix[:, index]
            found |= np.array([_plain(value) not in allowed for value in values.tolist()], dtype=bool)
    return found


def _plain(value: Any) -> Any:
    return None if value is None or value != value else value


def _steps(transformer: Any) -> list[Any]:
    return trees.steps(transformer) if hasattr(transformer, "fit") else []


def _encoders(transformer: Any) -> list[Any]:
    """An encoder and what comes before it keep the number of columns; what comes after may not."""
    return [step for step in _steps(transformer) if hasattr(step, "categories_")][:1]


def _names(columns: Any, names: Sequence[str]) -> list[str]:
    """A column transformer picks columns by name, place, slice or mask."""
    if isinstance(columns, str):
        return [columns]
    if isinstance(columns, slice):
        return list(names[columns]) if not isinstance(columns.start or columns.stop, str) else []
    picked = np.asarray(columns)
    return [str(name) for name in (picked if picked.dtype.kind in "OUT" else np.asarray(names, dtype=object)[picked])]
