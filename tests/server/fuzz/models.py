"""Models that the other tests have no use for: what a client sends to them meets code that is not ours."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.server.models import MODELS, numbers, people

FORECAST = """
import mlflow.models
import mlflow.pyfunc
import pandas


class Model(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: pandas.DataFrame, params=None):
        values = model_input["b c"].to_numpy(dtype=float)
        return {"yhat": values * 2, "upper": values * 3}


mlflow.models.set_model(Model())
"""
FREE = """
import mlflow.models
import mlflow.pyfunc
import pandas


class Model(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: pandas.DataFrame, params=None):
        frame = model_input if isinstance(model_input, pandas.DataFrame) else pandas.DataFrame(model_input)
        return [{"sum": float(row["a"]) + float(row["e"]), "word": str(row["d"])[:3]} for _, row in frame.iterrows()]


mlflow.models.set_model(Model())
"""


def forecast(path: Path) -> None:
    """A Python function that answers with a dict of arrays."""
    x, _ = numbers()
    _code(FORECAST, path, input_example=x[:3], signature=_signature(x))


def free(path: Path) -> None:
    """A Python function without a signature: nobody but the model knows what fits."""
    _code(FREE, path, input_example=numbers()[0][:3])
    (path / "MLmodel").write_text(_without_signature((path / "MLmodel").read_text()))


def optional(path: Path) -> None:
    """A native pipeline with optional columns of every type, whose drift is counted."""
    from mlflow.models.signature import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import make_pipeline

    x, y = people()
    columns = ColumnTransformer([("numbers", "passthrough", ["rooms"])])
    schema = Schema(
        [
            ColSpec(DataType.double, "age", required=False),
            ColSpec(DataType.long, "rooms"),
            ColSpec(DataType.string, "city", required=False),
            ColSpec(DataType.boolean, "member", required=False),
        ]
    )
    model = make_pipeline(columns, HistGradientBoostingClassifier(max_iter=5)).fit(x, y)
    _sklearn(model, path, signature=ModelSignature(inputs=schema), input_example=x[:3])
    features = '{"age": {"edges": [10, 50], "shares": [0.2, 0.4, 0.4]}, "rooms": {"edges": [2], "shares": [0.5, 0.5]}}'
    (path / "reference.json").write_text(f'{{"features": {features}}}')


def words(path: Path) -> None:
    """Text beside numbers."""
    from sklearn.compose import ColumnTransformer
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    x, y = people()
    x = x.assign(note=[f"{city} on {age:.0f} café" for city, age in zip(x["city"], x["age"], strict=True)])
    columns = ColumnTransformer([("text", TfidfVectorizer(), "note"), ("numbers", "passthrough", ["age", "rooms"])])
    x = x[["age", "rooms", "note"]]
    _sklearn(make_pipeline(columns, LogisticRegression()).fit(x, y), path, signature=_signature(x), input_example=x[:3])


def integers(path: Path) -> None:
    """Columns of whole numbers only."""
    from sklearn.tree import DecisionTreeClassifier

    rng = np.random.default_rng(3)
    x = pd.DataFrame({"a": rng.integers(0, 9, 200), "b": rng.integers(-5, 5, 200).astype("int32")})
    _sklearn(DecisionTreeClassifier().fit(x, x["a"] > 4), path, signature=_signature(x), input_example=x[:3])


def _code(text: str, path: Path, **more: Any) -> None:
    code = path.parent / f"{path.name}_model.py"
    code.write_text(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlflow.pyfunc

        mlflow.pyfunc.save_model(path, python_model=str(code), pip_requirements=[], **more)


def _sklearn(model: Any, path: Path, **more: Any) -> None:
    import mlflow.sklearn

    from tests.server.models import TRUSTED

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mlflow.sklearn.save_model(model, path, pip_requirements=[], skops_trusted_types=TRUSTED, **more)


def _signature(x: pd.DataFrame) -> Any:
    from mlflow.models import infer_signature

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return infer_signature(x)


def _without_signature(text: str) -> str:
    """MLflow infers one from the example; what follows `signature:` and is indented goes."""
    lines, inside = [], False
    for line in text.splitlines():
        inside = line.startswith("signature:") or (inside and line.startswith(" "))
        if not inside:
            lines.append(line)
    return "\n".join(lines) + "\n"


OWN: dict[str, Callable[[Path], None]] = {each.__name__: each for each in (forecast, free, optional, words, integers)}
ALL = {name: save for name, save in MODELS.items() if name != "sleeper"} | OWN
"""Every model but the one that sleeps and fails when it is asked to."""
