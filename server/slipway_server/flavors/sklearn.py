"""scikit-learn: skops files against our own allow-list, pickles only where the administrator said so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sklearn

from slipway_server.errors import ModelError, unknown_params
from slipway_server.fetch.mlmodel import Description, describe
from slipway_server.settings import Settings

# Types that skops does not vouch for by itself and that hold data only. The list in the model's own MLmodel is not
# read: a crafted model would vouch for itself.
TRUSTED = frozenset(
    {
        "numpy.dtype",
        "scipy.interpolate._bsplines.BSpline",
        "sklearn._loss.loss.HalfTweedieLoss",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.compose._column_transformer._RemainderColsList",
        "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.neighbors._ball_tree.BallTree",
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
        "sklearn.tree._tree.Tree",
        "sklearn.utils._bunch.Bunch",
    }
)

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


def load(directory: Path, settings: Settings) -> SklearnModel:
    """Load a scikit-learn model. Raises `ModelError` UnsafeModel, and what the library raises for damage."""
    description = describe(directory)
    return SklearnModel(estimator(directory, description, settings), description.predict_fn)


def estimator(directory: Path, description: Description, settings: Settings) -> Any:
    """Return the estimator itself. Raises as `load` does."""
    path = directory / description.conf.get("pickled_model", "model.pkl")
    if description.conf.get("serialization_format") == "skops":
        return _from_skops(path)
    if not settings.allow_pickle:
        raise ModelError(
            "UnsafeModel",
            f"{path.name} is a pickle, which runs code as it's read; log the model as skops "
            "(mlflow.sklearn.log_model(..., serialization_format='skops')) or let the connection allow pickles",
        )
    import cloudpickle  # type: ignore[import-untyped]

    with path.open("rb") as stream:
        return cloudpickle.load(stream)


def _from_skops(path: Path) -> Any:
    import skops.io

    unknown = sorted(set(skops.io.get_untrusted_types(file=path)) - TRUSTED)
    if unknown:
        raise ModelError(
            "UnsafeModel",
            f"{path.name} holds types that may run code: {', '.join(unknown[:5])}; keep to scikit-learn's own "
            "estimators, or serve the model as a pyfunc where the connection allows code",
        )
    return skops.io.load(path, trusted=sorted(TRUSTED))


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
