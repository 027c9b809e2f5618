"""The names that a model was fitted with: they rule the order of its columns, whatever a signature says."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from slipway_server.errors import ModelError
from slipway_server.model.bundle import Signature
from slipway_server.protocols.tables.names import in_order, listed


class Fitted(NamedTuple):
    """`names` in the order of the fit, none where it had none.

    `binding`: the library refuses other names or, worse, goes by position and never looks at them. Not binding are
    those of a model that picks its columns by name, and those of a step behind another, which may have made them.
    """

    names: tuple[str, ...] = ()
    binding: bool = False


NOTHING = Fitted()


def of_scikit_learn(estimator: Any, parts: list[Any], *, by_name: bool) -> Fitted:
    """The names of the estimator itself or else of its first part that has some."""
    own = _named(estimator)
    if own:
        return Fitted(own, binding=not by_name and not _automatic(own))
    return Fitted(next((found for part in parts if (found := _named(part))), ()))


def of_boosted(model: Any) -> Fitted:
    """The names of an XGBoost or LightGBM model, a booster or one of their scikit-learn classes."""
    booster = model.get_booster() if hasattr(model, "get_booster") else getattr(model, "booster_", model)
    names = booster.feature_name() if hasattr(booster, "feature_name") else getattr(booster, "feature_names", None)
    found = tuple(str(name) for name in names or ())
    return Fitted(found, binding=bool(found) and not _automatic(found))


def ordered(signature: Signature, fitted: Fitted) -> Signature:
    """The signature with its columns in the order of the fit. Raises `ModelError` Invalid where that can't be."""
    columns = {column.name: column for column in signature.columns}
    if not columns or not fitted.names:
        return signature
    found = in_order(fitted.names, list(columns))
    if found is None and not fitted.binding:
        return signature
    if found is None:
        raise ModelError(
            "Invalid",
            f"the model was fitted with the columns {listed(fitted.names)}, but its signature has "
            f"{listed(list(columns))}; log it with the signature of the frame that it was fitted on",
        )
    if found == list(columns):
        return signature
    return msgspec.structs.replace(signature, columns=tuple(columns[name] for name in found), reordered=True)


def _named(part: Any) -> tuple[str, ...]:
    found = getattr(part, "feature_names_in_", None)
    return () if found is None else tuple(str(name) for name in found)


def _automatic(names: tuple[str, ...]) -> bool:
    """Whether these are the names that LightGBM gives to columns without any."""
    return names == tuple(f"Column_{index}" for index in range(len(names)))
