"""The values that a model's encoders and vectorizers know, per column."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from slipway_server.fetch.proof.features import Followed
from slipway_server.model.bundle import Column, Signature
from slipway_server.model.inputs import Inputs


class Categories(NamedTuple):
    """`known`: every value that an encoder was trained on; `only`: columns where it refuses any other.

    `words` are those that vectorizers of texts know. A missing value that an encoder was trained on is None.
    """

    known: dict[str, list[Any]]
    only: dict[str, list[Any]]
    words: list[str]


def categories(followed: Followed, signature: Signature) -> Categories:
    """What the encoders know of the columns that reach them as they are.

    Behind a step that changes values, an encoder's categories are none of the column's. What an imputer replaces on the
    way is no category, but a value that the column may have.
    """
    names = [column.name for column in signature.matrix_columns]
    known: dict[str, list[Any]] = {}
    only: dict[str, list[Any]] = {}
    for step, features in followed.encoders:
        for feature, values in zip(features, step.categories_, strict=True):
            if feature.column < 0 or feature.back:
                continue
            name = names[feature.column]
            taken = list(dict.fromkeys(map(_plain, [*values.tolist(), *feature.filled])))
            known[name] = list(dict.fromkeys([*known.get(name, ()), *taken]))
            if getattr(step, "handle_unknown", "") == "error":
                only[name] = [value for value in taken if value in only.get(name, taken)]
    return Categories(known, only, sorted(followed.words))


def outside(only: dict[str, list[Any]], signature: Signature, inputs: Inputs) -> NDArray[np.bool_]:
    """Which rows hold a value that its column's encoder refuses; the readers refuse them before."""
    found = np.zeros(inputs.rows, dtype=bool)
    for index, column in enumerate(signature.matrix_columns):
        if column.name in only:
            allowed = {_narrow(value, column) for value in only[column.name]}
            values = (inputs.columns or {})[column.name] if inputs.matrix is None else inputs.matrix[:, index]
            found |= np.array([_narrow(_plain(value), column) not in allowed for value in values.tolist()], dtype=bool)
    return found


def _plain(value: Any) -> Any:
    return None if value is None or value != value else value


def _narrow(value: Any, column: Column) -> Any:
    return float(np.float32(value)) if column.type == "float" and value is not None else value
