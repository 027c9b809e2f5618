"""Models as users log them, saved by MLflow itself."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from slipway_server.fetch.prepare import prepare
from slipway_server.model.bundle import Bundle
from slipway_server.settings import Settings

TRUSTED = [
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
    "numpy.dtype",
    "sklearn.compose._column_transformer._RemainderColsList",
]

SLEEPER = """
import time
import mlflow.models
import mlflow.pyfunc
import pandas


class Model(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: pandas.DataFrame, params=None):
        time.sleep(float(model_input["seconds"].max()))
        if (model_input["seconds"] < 0).any():
            raise RuntimeError("negative")
        return model_input["seconds"].to_numpy()


mlflow.models.set_model(Model())
"""


def numbers(rows: int = 300) -> tuple[pd.DataFrame, Any]:
    """Four columns, one with a space in its name, and two classes."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(rows, 4)) * [1, 10, 100, 0.01], columns=["a", "b c", "d", "e"])
    return frame, (frame["a"] + frame["b c"] / 10 > 0).astype(int).to_numpy()


def people(rows: int = 300) -> tuple[pd.DataFrame, Any]:
    """Columns of several types, and classes that are words."""
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(
        {
            "age": rng.uniform(1, 90, rows),
            "rooms": rng.integers(1, 9, rows),
            "city": rng.choice(["Bonn", "Köln", "Ulm"], rows),
            "member": rng.random(rows) < 0.5,
        }
    )
    young = (frame["age"] < 40) ^ (frame["city"] == "Ulm")
    return frame, young.map({True: "yes", False: "no"}).to_numpy()


def forest(path: Path) -> None:
    """A classifier of trees alone, with the files that training logs beside it."""
    from sklearn.ensemble import RandomForestClassifier

    x, y = numbers()
    _save(RandomForestClassifier(12, random_state=0).fit(x, y), x, path)
    x.assign(target=y).to_parquet(path / "holdout.parquet", index=False)
    edges = {"edges": [-1.0, 0.0, 1.0], "shares": [0.1, 0.4, 0.4, 0.1]}
    score = {"edges": [0.5], "shares": [0.5, 0.5]}
    (path / "reference.json").write_text(json.dumps({"rows": 300, "features": {"a": edges}, "score": score}))


def scaled_forest(path: Path) -> None:
    """Trees behind a scaler, answering with probabilities."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, y = numbers()
    model = make_pipeline(StandardScaler(), RandomForestClassifier(12, random_state=0)).fit(x, y)
    _save(model, x, path, pyfunc_predict_fn="predict_proba")


def mixed(path: Path) -> None:
    """A pipeline with a column transformer: numbers with holes, words, truth values."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    x, y = people()
    columns = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), ["age", "rooms"]),
            ("words", OneHotEncoder(), ["city"]),
        ]
    )
    _save(make_pipeline(columns, LogisticRegression()).fit(x, y), x, path)


def ridge(path: Path) -> None:
    """A regression on an array: the signature is one tensor."""
    from sklearn.linear_model import Ridge

    x, _ = numbers()
    values = x.to_numpy()
    _save(Ridge().fit(values, values @ [1.0, 2.0, 3.0, 4.0]), values, path)


def boosted(path: Path) -> None:
    """A model that is served by scikit-learn itself: there is no conversion of histogram gradient boosting."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    x, _ = numbers()
    _save(HistGradientBoostingRegressor(max_iter=20).fit(x, x["b c"] * 1e3 + x["d"]), x, path)


def undecided(path: Path) -> None:
    """A classifier that has no probabilities, and no conversion."""
    from sklearn.kernel_approximation import RBFSampler
    from sklearn.linear_model import RidgeClassifier
    from sklearn.pipeline import make_pipeline

    x, y = numbers()
    _save(make_pipeline(RBFSampler(random_state=0), RidgeClassifier()).fit(x, y), x, path)


def xgb_classifier(path: Path) -> None:
    """XGBoost by its scikit-learn class."""
    import mlflow.xgboost
    from xgboost import XGBClassifier

    x, y = numbers()
    _save(XGBClassifier(n_estimators=10).fit(x, y), x, path, by=mlflow.xgboost)


def xgb_regressor(path: Path) -> None:
    """XGBoost by its scikit-learn class."""
    import mlflow.xgboost
    from xgboost import XGBRegressor

    x, _ = numbers()
    _save(XGBRegressor(n_estimators=10).fit(x, x["b c"] + x["d"]), x, path, by=mlflow.xgboost)


def lgb_binary(path: Path) -> None:
    """A LightGBM booster, which answers with probabilities."""
    import lightgbm
    import mlflow.lightgbm

    x, y = numbers()
    data = lightgbm.Dataset(x.to_numpy(), label=y)
    _save(lightgbm.train({"objective": "binary", "verbose": -1}, data, 10), x, path, by=mlflow.lightgbm)


def lgb_regressor(path: Path) -> None:
    """A LightGBM booster, which answers with numbers."""
    import lightgbm
    import mlflow.lightgbm

    x, _ = numbers()
    data = lightgbm.Dataset(x.to_numpy(), label=(1000 + x["b c"] + x["d"]).to_numpy())
    _save(lightgbm.train({"objective": "regression", "verbose": -1}, data, 10), x, path, by=mlflow.lightgbm)


def sleeper(path: Path) -> None:
    """A model that is Python code, and takes as long as it's asked to."""
    import mlflow.pyfunc
    from mlflow.models import infer_signature

    code = path.parent / "sleeper_model.py"
    code.write_text(SLEEPER)
    x = pd.DataFrame({"seconds": [0.0, 0.001]})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mlflow.pyfunc.save_model(
            path,
            python_model=str(code),
            signature=infer_signature(x, x["seconds"].to_numpy()),
            input_example=x,
            pip_requirements=[],
        )


def _save(model: Any, x: Any, path: Path, by: Any = None, **more: Any) -> None:
    import mlflow.sklearn
    from mlflow.models import infer_signature

    if by is None:
        by = mlflow.sklearn
        more |= {"skops_trusted_types": TRUSTED}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        method = getattr(model, more.get("pyfunc_predict_fn", "predict"))
        about = {"signature": infer_signature(x, method(x)), "input_example": x[:3], "pip_requirements": []}
        by.save_model(model, path, **about, **more)


def prepare_saved(model: Any, x: pd.DataFrame, path: Path, **more: Any) -> Bundle:
    """Save a scikit-learn model, with the rows that have no hole as its example, and prepare it as fetching does."""
    import mlflow.sklearn
    import skops.io
    from mlflow.models import infer_signature

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trusted = skops.io.get_untrusted_types(data=skops.io.dumps(model))
        method = getattr(model, more.get("pyfunc_predict_fn", "predict"))
        about = {"signature": infer_signature(x, method(x)), "input_example": x.dropna()[:3], "pip_requirements": []}
        how = {"serialization_format": "skops", "skops_trusted_types": trusted}
        mlflow.sklearn.save_model(model, path, **(about | how | more))
        return prepare(path, "sha256:0", Settings())


BOOSTED = (xgb_classifier, xgb_regressor, lgb_binary, lgb_regressor)
MODELS: dict[str, Callable[[Path], None]] = {
    model.__name__: model for model in (forest, scaled_forest, mixed, ridge, boosted, undecided, *BOOSTED, sleeper)
}
