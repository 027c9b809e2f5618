"""Models as users log them, each with something that is easily served wrongly."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.server.models import TRUSTED, numbers

HINTED = """
import mlflow.models
import mlflow.pyfunc
import pydantic


class Item(pydantic.BaseModel):
    name: str
    amount: float


class Model(mlflow.pyfunc.PythonModel):
    def predict(self, model_input: list[Item]) -> list[float]:
        return [2 * item.amount for item in model_input]


mlflow.models.set_model(Model())
"""


def regions(rows: int = 120) -> tuple[pd.DataFrame, Any]:
    """A column of numbers that are names, another of numbers, and two classes."""
    frame = pd.DataFrame({"region": np.resize([10, 20, 30], rows), "x": np.linspace(0, 1, rows)})
    return frame, np.resize([0, 1, 1], rows)


def grades(rows: int = 120) -> tuple[pd.DataFrame, Any]:
    """Two columns of numbers that are names, and two classes."""
    frame, y = regions(rows)
    return frame.assign(x=np.rint(3 * frame["x"])), y


def letters(rows: int = 180) -> tuple[pd.DataFrame, Any]:
    """A column of words with holes, which alone are of class 1."""
    words = (["a", "b", None] * rows)[:rows]
    frame = pd.DataFrame({"c": words, "x": np.linspace(0, 1, rows)})
    return frame, np.array([int(word is None) for word in words])


def holed(rows: int = 300) -> tuple[pd.DataFrame, Any]:
    """Numbers of which a third is missing, which tells the class."""
    frame, _ = numbers(rows)
    frame["a"] = np.where(np.arange(rows) % 3 == 0, np.nan, frame["a"])
    return frame, frame["a"].isna().to_numpy().astype(int)


def numbered(path: Path) -> None:
    """An encoder of numbers that refuses what it never met."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    x, y = regions()
    _sklearn(make_pipeline(_columns(OneHotEncoder(), ["region"]), LogisticRegression()).fit(x, y), x, path)


def bare_encoder(path: Path) -> None:
    """An encoder of numbers that refuses what it never met, and no column transformer that tells which."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    x, y = grades()
    _sklearn(make_pipeline(OneHotEncoder(), LogisticRegression()).fit(x, y), x, path)


def words_with_holes(path: Path) -> None:
    """An encoder to which a missing word is a category like any other."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    x, y = letters()
    columns = _columns(OneHotEncoder(handle_unknown="ignore"), ["c"])
    _sklearn(make_pipeline(columns, LogisticRegression()).fit(x, y), x, path, example=x[:4])


def words_or_none(path: Path) -> None:
    """As `words_with_holes`, but what stands for a missing word is None."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    x, y = letters()
    objects = x.assign(c=x["c"].astype(object).where(x["c"].notna(), None))
    columns = _columns(OneHotEncoder(handle_unknown="ignore"), ["c"])
    _sklearn(make_pipeline(columns, LogisticRegression()).fit(objects, y), objects, path, example=objects[:2])


def holed_forest(path: Path) -> None:
    """Trees that learnt from missing numbers, and an example that holds one."""
    from sklearn.ensemble import RandomForestClassifier

    x, y = holed()
    _sklearn(RandomForestClassifier(7, random_state=0).fit(x, y), x, path, example=x[:4])


def swapped(path: Path) -> None:
    """A signature in another order than the fit."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, y = numbers()
    _sklearn(make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y), x[["e", "b c", "d", "a"]], path)


def swapped_flags(path: Path) -> None:
    """Trees over numbers and truth values, with a signature in another order than the fit."""
    from sklearn.ensemble import RandomForestClassifier

    x, y = numbers()
    x = x.assign(e=x["e"] > 0)
    _sklearn(RandomForestClassifier(7, random_state=0).fit(x, y), x[["e", "b c", "d", "a"]], path)


def swapped_boosted(path: Path) -> None:
    """LightGBM, which goes by position and knows `b c` as `b_c`, with a signature in another order than the fit."""
    import lightgbm
    import mlflow.lightgbm

    x, y = numbers()
    booster = lightgbm.train({"objective": "binary", "verbose": -1}, lightgbm.Dataset(x, label=y), 10)
    shown = x[["e", "b c", "d", "a"]]
    save(booster, shown, booster.predict(x), path, by=mlflow.lightgbm)


def unsigned(path: Path) -> None:
    """A pipeline that was logged without a signature."""
    import mlflow.sklearn
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, y = numbers()
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mlflow.sklearn.save_model(model, path, serialization_format="skops", pip_requirements=[])


def hinted(path: Path) -> None:
    """Python code whose type hint says what it takes."""
    import mlflow.pyfunc

    code = path.parent / "hinted_model.py"
    code.write_text(HINTED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        example = [{"name": "a", "amount": 1.5}]
        mlflow.pyfunc.save_model(path, python_model=str(code), input_example=example, pip_requirements=[])


def texts(path: Path) -> None:
    """Words within a text, with letters that English has not."""
    from sklearn.compose import ColumnTransformer
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    rows = 240
    text = np.resize(["good café", "bad cafe", "a naïve plan", "naive", "Ärger im Bad"], rows)
    x = pd.DataFrame({"text": text, "x": np.linspace(0, 1, rows)})
    columns = ColumnTransformer([("w", CountVectorizer(), "text")], remainder="passthrough")
    model = make_pipeline(columns, LogisticRegression()).fit(x, np.resize([1, 0, 1, 0, 0], rows))
    _sklearn(model, x, path)


def _columns(encoder: Any, names: list[str]) -> Any:
    from sklearn.compose import ColumnTransformer

    return ColumnTransformer([("e", encoder, names)], remainder="passthrough")


def _sklearn(model: Any, x: Any, path: Path, example: Any = None) -> None:
    import mlflow.sklearn

    y = model.predict(x[list(model.feature_names_in_)])
    more = {"skops_trusted_types": TRUSTED, "serialization_format": "skops"}
    save(model, x, y, path, by=mlflow.sklearn, example=example, **more)


def save(model: Any, x: Any, y: Any, path: Path, *, by: Any, example: Any = None, **more: Any) -> None:
    """Log `model`, with the signature of `x`, in its order."""
    from mlflow.models import infer_signature

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shown = x[:3] if example is None else example
        about = {"signature": infer_signature(x, y), "input_example": shown, "pip_requirements": []}
        by.save_model(model, path, **about, **more)


HARD: dict[str, Callable[[Path], None]] = {
    model.__name__: model
    for model in (
        *(numbered, bare_encoder, words_with_holes, words_or_none, holed_forest, swapped, swapped_flags),
        *(swapped_boosted, unsigned, hinted, texts),
    )
}
