"""scikit-learn's files: skops against our own allow-list, pickles only where the administrator said so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from slipway_server.errors import ModelError
from slipway_server.flavors import boundary
from slipway_server.flavors.sklearn import SklearnModel
from slipway_server.model.mlmodel import Description, describe
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


def load(directory: Path, settings: Settings) -> SklearnModel:
    """Load a scikit-learn model. Raises `ModelError` UnsafeModel, and what the library raises for damage."""
    description = describe(directory)
    boundary.check(directory, description, settings)
    return SklearnModel(estimator(directory, description, settings), description.predict_fn)


def estimator(directory: Path, description: Description, settings: Settings) -> Any:
    """Return the estimator itself. Raises as `load` does."""
    path = boundary.only_file(directory, description, "model.pkl")
    if description.conf.get("serialization_format") == "skops":
        return from_skops(path)
    if not settings.allow_pickle:
        raise ModelError(
            "UnsafeModel",
            f"{path.name} is a pickle, which runs code as it's read; log the model as skops "
            "(mlflow.sklearn.log_model(..., serialization_format='skops')) or let the connection allow pickles",
        )
    import cloudpickle  # type: ignore[import-untyped]

    with path.open("rb") as stream:
        return cloudpickle.load(stream)


def from_skops(path: Path) -> Any:
    """The model in a skops file. Raises `ModelError` for one that holds types that are not trusted."""
    import skops.io

    unknown = sorted(set(skops.io.get_untrusted_types(file=path)) - TRUSTED)
    if unknown:
        raise ModelError(
            "UnsafeModel",
            f"{path.name} holds types that may run code: {', '.join(unknown[:5])}; use estimators "
            "without them, or serve the model as a pyfunc where the connection allows code",
        )
    return skops.io.load(path, trusted=sorted(TRUSTED))
