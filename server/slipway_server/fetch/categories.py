"""The values that a model's encoders know, per column."""

from __future__ import annotations

from typing import Any, NamedTuple

from slipway_server.fetch import trees


class Categories(NamedTuple):
    """`known`: every value that an encoder was trained on; `only`: columns where it refuses any other."""

    known: dict[str, list[Any]]
    only: dict[str, list[Any]]


def categories(estimator: Any) -> Categories:
    """Look into the column transformers of a pipeline."""
    known: dict[str, list[Any]] = {}
    only: dict[str, list[Any]] = {}
    for step in trees.steps(estimator):
        for _, transformer, columns in getattr(step, "transformers_", ()):
            for encoder in _encoders(transformer):
                found = dict(zip(_names(columns), (values.tolist() for values in encoder.categories_), strict=False))
                known |= found
                if getattr(encoder, "handle_unknown", "") == "error":
                    only |= found
    return Categories(known, only)


def _encoders(transformer: Any) -> list[Any]:
    """An encoder and what comes before it keep the number of columns; what comes after may not."""
    steps = trees.steps(transformer) if hasattr(transformer, "fit") else []
    return [step for step in steps if hasattr(step, "categories_")][:1]


def _names(columns: Any) -> list[str]:
    return [columns] if isinstance(columns, str) else [str(name) for name in columns]
