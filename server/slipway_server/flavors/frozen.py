"""An estimator as fetching leaves it for the native path: a pickle that may name estimators and data, and nothing else.

skops looks at every estimator that scikit-learn has before it reads one, which takes a second of each start. Fetching
has read the model by those rules; what came of it is written down once more, for a reader that knows a short list.
"""

from __future__ import annotations

import io
import pickle
from typing import Any

from sklearn.base import BaseEstimator

from slipway_server.errors import ModelError
from slipway_server.foreign import ForeignError, foreign

PROTOCOL = 5
NAMES = frozenset(
    {
        "builtins.slice",
        "numpy._core.multiarray._reconstruct",
        "numpy._core.multiarray.scalar",
        "numpy._core.numeric._frombuffer",
        "numpy.dtype",
        "numpy.float32",
        "numpy.float64",
        "numpy.int64",
        "numpy.ndarray",
        "numpy.random._mt19937.MT19937",
        "numpy.random._pcg64.PCG64",
        "numpy.random._pickle.__bit_generator_ctor",
        "numpy.random._pickle.__generator_ctor",
        "numpy.random._pickle.__randomstate_ctor",
        "numpy.random.bit_generator.SeedSequence",
        "numpy.random.bit_generator.__pyx_unpickle_SeedSequence",
        "scipy.sparse._csc.csc_matrix",
        "scipy.sparse._csr.csr_matrix",
        "sklearn._loss._loss.CyHalfBinomialLoss",
        "sklearn._loss._loss.CyHalfMultinomialLoss",
        "sklearn._loss._loss.CyHalfPoissonLoss",
        "sklearn._loss._loss.CyHalfSquaredError",
        "sklearn._loss._loss.CyHalfTweedieLossIdentity",
        "sklearn._loss._loss.__pyx_unpickle_CyHalfMultinomialLoss",
        "sklearn._loss.link.IdentityLink",
        "sklearn._loss.link.Interval",
        "sklearn._loss.link.LogLink",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.link.MultinomialLogit",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn._loss.loss.HalfMultinomialLoss",
        "sklearn._loss.loss.HalfPoissonLoss",
        "sklearn._loss.loss.HalfSquaredError",
        "sklearn._loss.loss.HalfTweedieLossIdentity",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.compose._column_transformer._RemainderColsList",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.linear_model._sgd_fast.Hinge",
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.metrics._dist_metrics.newObj",
        "sklearn.neighbors._ball_tree.BallTree",
        "sklearn.neighbors._ball_tree.newObj",
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.neighbors._kd_tree.newObj",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.tree._tree.Tree",
        "sklearn.utils._bunch.Bunch",
    }
)
"""What may be named beside scikit-learn's estimators: arrays, random states, and the parts that estimators hold."""


def freeze(estimator: Any) -> bytes | None:
    """Return what `thaw` makes the same estimator of; None for one that is made of anything that is not known."""
    try:
        content = foreign(pickle.dumps, estimator, PROTOCOL)
        thaw(content)
    except (ForeignError, ModelError):
        return None
    return content


def thaw(content: bytes) -> Any:
    """Return the estimator. Raises `ModelError`: UnsafeModel where it names what is not known, or LoadFailed."""
    try:
        return foreign(_Reader(io.BytesIO(content)).load)
    except ForeignError as error:
        raise ModelError("LoadFailed", f"the prepared model can't be read: {error}; fetch it anew") from error


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """The object of that name, if it is known or one of scikit-learn's estimators. Nothing else is imported."""
        if f"{module}.{name}" in NAMES:
            return super().find_class(module, name)
        found = super().find_class(module, name) if module.startswith("sklearn.") else None
        if isinstance(found, type) and issubclass(found, BaseEstimator):
            return found
        raise ModelError("UnsafeModel", f"the prepared model names {module}.{name}, which is not known to be harmless")
