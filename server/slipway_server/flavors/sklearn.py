"""scikit-learn: the estimator or pipeline that answers."""

from __future__ import annotations

from typing import Any

import sklearn

from slipway_server.errors import unknown_params

METHODS = ("predict", "predict_proba", "predict_log_proba", "decision_function")


class SklearnModel:
    """An estimator or pipeline; `methods` are those that a request may ask for."""

    rowwise = True

    def __init__(self, estimator: Any, predict_fn: str) -> None:
        self.estimator = estimator
        self.predict_fn = predict_fn
        self.wants_frame = _by_name(estimator)
        if not self.wants_frame:
            forget_names(estimator)
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

    @property
    def makes_frames(self) -> bool:
        """Whether a step hands a frame to the next one, whatever it is given."""
        configured = [getattr(part, "_sklearn_output_config", {}) for part in _parts(self.estimator)]
        return any(each.get("transform", "default") != "default" for each in configured)


def _by_name(estimator: Any) -> bool:
    """Whether a step picks its columns by name, which only a frame has."""
    return any(type(part).__name__ == "ColumnTransformer" for part in _parts(estimator))


def forget_names(estimator: Any) -> None:
    """Let a model that was trained on a frame take a matrix without a warning: columns and order are checked before."""
    for part in _parts(estimator):
        vars(part).pop("feature_names_in_", None)


def _parts(estimator: Any) -> list[Any]:
    """The estimator and all that it is made of."""
    found = [estimator]
    for name in ("steps", "transformers_", "estimators_", "estimator", "estimator_", "calibrated_classifiers_"):
        inner = getattr(estimator, name, None)
        members = inner if isinstance(inner, list) else [inner]
        for member in members:
            parts = member if isinstance(member, tuple) else (member,)
            found += [each for part in parts if hasattr(part, "get_params") for each in _parts(part)]
    return found
