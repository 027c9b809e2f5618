"""XGBoost, LightGBM and ONNX: formats of numbers, each read from one file, and answered as MLflow answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from slipway_server.errors import ModelError
from slipway_server.flavors import boundary, fitted
from slipway_server.flavors.pyfunc import PyfuncModel
from slipway_server.model.mlmodel import describe
from slipway_server.settings import Settings

# The classes that MLmodel may name. LightGBM's own scikit-learn classes are not among them, because MLflow saves those
# as pickles.
_XGBOOST = ("Classifier", "Regressor", "Ranker", "RFClassifier", "RFRegressor")
FLAVORS = {
    "onnx": frozenset({""}),
    "xgboost": frozenset({"xgboost.core.Booster", *(f"xgboost.sklearn.XGB{kind}" for kind in _XGBOOST)}),
    "lightgbm": frozenset({"lightgbm.basic.Booster"}),
}


class TablesModel(PyfuncModel):
    """A model in its library's own format; `estimator` is the library's object.

    A booster answers every row on its own. What the graph of an ONNX model does with its rows is its own affair.
    """

    def __init__(self, model: Any, *, boosted: bool) -> None:
        super().__init__(model)
        self.estimator = model.get_raw_model()
        self.rowwise = boosted
        if boosted:
            self.fitted = fitted.of_boosted(self.estimator)
            _unordered(model)

    def predict(self, data: Any, params: dict[str, Any]) -> Any:
        """As MLflow answers, or a classifier's `predict_proba` where a request asks for it."""
        method = params.get("predict_fn", "predict")
        if set(params) == {"predict_fn"} and (method == "predict" or self._has(method)):
            return super().predict(data, {}) if method == "predict" else self.estimator.predict_proba(data)
        return super().predict(data, params)

    def _has(self, method: Any) -> bool:
        return method == "predict_proba" and hasattr(self.estimator, "predict_proba")


def load(directory: Path, flavor: str, settings: Settings) -> TablesModel:
    """Load one of `FLAVORS` from its one file. Raises `ModelError` UnsafeModel, and whatever the library raises.

    MLflow's own loader is not asked: it puts the model's `code` first on the path, and follows what the model names.
    """
    description = describe(directory)
    boundary.check(directory, description, settings)
    named = str(description.conf.get("model_class", _DEFAULTS[flavor]))
    if named not in FLAVORS[flavor] and not settings.allow_pickle:
        raise ModelError(
            "UnsafeModel",
            f"the {flavor} model under {directory} is of class {named[:200]!r}, which is a pickle or unknown; "
            f"log one of {', '.join(sorted(FLAVORS[flavor]))}, or let the connection allow pickles",
        )
    path = boundary.only_file(directory, description, _FILES[flavor])
    from mlflow.models import Model
    from mlflow.pyfunc import PyFuncModel

    wrapped = PyFuncModel(model_meta=Model.load(str(directory)), model_impl=_READERS[flavor](path, named))
    return TablesModel(wrapped, boosted=flavor != "onnx")


def _xgboost(path: Path, named: str) -> Any:
    import xgboost
    from mlflow.xgboost import _XGBModelWrapper

    kind = named.rpartition(".")[2]
    if named not in FLAVORS["xgboost"]:
        raise ModelError("UnsafeModel", f"{named[:200]!r} is no class of XGBoost's own that answers by itself")
    model = getattr(xgboost, kind)()
    model.load_model(str(path))
    return _XGBModelWrapper(model)


def _lightgbm(path: Path, named: str) -> Any:
    import lightgbm
    from mlflow.lightgbm import _LGBModelWrapper

    if named in FLAVORS["lightgbm"]:
        return _LGBModelWrapper(lightgbm.Booster(model_file=str(path)))
    import cloudpickle  # type: ignore[import-untyped]

    with path.open("rb") as stream:  # the connection allows pickles: see load
        return _LGBModelWrapper(cloudpickle.load(stream))


def _onnx(path: Path, _: str) -> Any:
    from mlflow.onnx import _OnnxModelWrapper

    return _OnnxModelWrapper(str(path))


_READERS: dict[str, Callable[[Path, str], Any]] = {"xgboost": _xgboost, "lightgbm": _lightgbm, "onnx": _onnx}
_FILES = {"xgboost": "model.xgb", "lightgbm": "model.lgb", "onnx": "model.onnx"}
_DEFAULTS = {"xgboost": "xgboost.core.Booster", "lightgbm": "lightgbm.basic.Booster", "onnx": ""}


def _unordered(model: Any) -> None:
    """Keep MLflow from putting columns into the signature's order: ours is the fit's, and is checked before."""
    from mlflow.models import ModelSignature

    params = model.metadata.get_params_schema()
    model.metadata.signature = None if params is None else ModelSignature(params=params)
