"""scikit-learn: the estimator or pipeline that answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import sklearn

from slipway_server.errors import unknown_params
from slipway_server.flavors import fitted

METHODS = ("predict", "predict_proba", "predict_log_proba", "decision_function")
LIBRARIES = frozenset({"sklearn", "xgboost", "lightgbm"})
"""Whose parts answer each row by itself and take an array as well as a frame, but for those that are named below."""
_BY_NAME = frozenset({"ColumnTransformer"})


class SklearnModel:
    """An estimator or pipeline; `methods` are those that a request may ask for."""

    def __init__(self, estimator: Any, predict_fn: str) -> None:
        self.estimator = estimator
        self.predict_fn = predict_fn
        parts = list(parts_of(estimator))
        unknown = any(map(_unknown, parts))
        self.rowwise = not unknown
        self.wants_frame = unknown or any(type(part).__name__ in _BY_NAME for part in parts)
        self.fitted = fitted.of_scikit_learn(estimator, parts, by_name=self.wants_frame)
        self.nones = _knows_none(parts)
        self.makes_frames = any(map(_makes_frames, parts))
        if not self.wants_frame:
            forget_names(parts)
        self.config = sklearn.config_context

    def predict(self, data: Any, params: dict[str, Any]) -> Any:
        """Call the method that the request or the model's MLmodel names. Raises `RequestError` for any other."""
        with self.config(skip_parameter_validation=True):
            return self._method(params)(data)

    def _method(self, params: dict[str, Any]) -> Any:
        method = params.get("predict_fn", self.predict_fn)
        if set(params) <= {"predict_fn"} and (method == self.predict_fn or method in METHODS):
            found = getattr(self.estimator, method, None)
            if found is not None:
                return found
        known = ", ".join(name for name in METHODS if hasattr(self.estimator, name))
        raise unknown_params(params, known)


def forget_names(parts: list[Any]) -> None:
    """Let a model that was fitted on a frame take a matrix without a warning for each call.

    What scikit-learn would check by them is checked before: `fitted.ordered`, `FreeReader`.
    """
    for part in parts:
        vars(part).pop("feature_names_in_", None)


def _unknown(part: Any) -> bool:
    """Whether nobody knows what the part does with a row: its own code may look at other rows, or at names."""
    if type(part).__name__ == "FunctionTransformer":
        return not isinstance(part.func, np.ufunc | None)
    return type(part).__module__.partition(".")[0] not in LIBRARIES


def _knows_none(parts: list[Any]) -> bool:
    """Whether a missing word is None to the model; else it's NaN, which pandas makes of it."""
    for part in parts:
        known = getattr(part, "categories_", None)
        values = [value for each in known for value in np.asarray(each, object)] if isinstance(known, list) else []
        if any(value is None for value in values) or getattr(part, "missing_values", 0) is None:
            return True
    return False


def _makes_frames(part: Any) -> bool:
    """Whether the step hands a frame to the next one, whatever it is given."""
    return bool(getattr(part, "_sklearn_output_config", {}).get("transform", "default") != "default")


def parts_of(estimator: Any) -> Iterator[Any]:
    """The estimator and all that it is made of, each once, an outer one before those within."""
    seen: set[int] = set()
    waiting = [estimator]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list | tuple):
            waiting += reversed(part)
        elif isinstance(part, np.ndarray):
            waiting += reversed(part.ravel().tolist()) if part.dtype == object else ()
        elif isinstance(part, dict):
            waiting += reversed(part.values())
        elif _is_part(part) and id(part) not in seen:
            seen.add(id(part))
            yield part
            waiting += reversed(vars(part).values())


def _is_part(value: Any) -> bool:
    return not isinstance(value, type) and (hasattr(value, "get_params") or _of_calibration(value))


def _of_calibration(value: Any) -> bool:
    """The one holder of estimators that is none itself."""
    return type(value).__name__ == "_CalibratedClassifier"
