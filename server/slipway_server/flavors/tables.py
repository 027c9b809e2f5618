"""XGBoost, LightGBM and ONNX: formats of numbers, which MLflow's own loaders may read without leave to run code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from slipway_server.errors import ModelError
from slipway_server.flavors import fitted
from slipway_server.flavors.pyfunc import PyfuncModel
from slipway_server.model.mlmodel import describe
from slipway_server.settings import Settings

# The classes that MLmodel may name: MLflow imports and calls whatever stands there. LightGBM's own scikit-learn
# classes are not among them, because MLflow saves those as pickles.
FLAVORS = {
    "onnx": frozenset({""}),
    "xgboost": frozenset(
        {"xgboost.core.Booster", *(f"xgboost.sklearn.XGB{kind}" for kind in ("Classifier", "Regressor", "Ranker"))}
    ),
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
    """Load one of `FLAVORS`. Raises `ModelError` UnsafeModel, and whatever the library raises."""
    named = str(describe(directory).conf.get("model_class", ""))
    if named not in FLAVORS[flavor] and not settings.allow_pickle:
        raise ModelError(
            "UnsafeModel",
            f"the {flavor} model under {directory} is of class {named!r}, which is read as a pickle or not at all; "
            f"log one of {', '.join(sorted(FLAVORS[flavor]))}, or let the connection allow pickles",
        )
    import mlflow.pyfunc

    return TablesModel(mlflow.pyfunc.load_model(str(directory)), boosted=flavor != "onnx")


def _unordered(model: Any) -> None:
    """Keep MLflow from putting columns into the signature's order: ours is the fit's, and is checked before."""
    from mlflow.models import ModelSignature

    params = model.metadata.get_params_schema()
    model.metadata.signature = None if params is None else ModelSignature(params=params)
