"""Small models of each family, saved by MLflow and loaded as fetching does."""

from __future__ import annotations

import functools
import itertools
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from slipway_server.fetch.compile.compile import Evidence, Held, Job, candidates, gather, known_rows, proved
from slipway_server.fetch.compile.convert import Candidate
from slipway_server.fetch.prepare import loaded
from slipway_server.flavors.sklearn import SklearnModel
from slipway_server.flavors.tables import TablesModel
from slipway_server.settings import Settings

TRUSTED = ["sklearn.tree._tree.Tree", "numpy.dtype", "sklearn.compose._column_transformer._RemainderColsList"]
SETTINGS = Settings()
STEP = 100


class Honest(NamedTuple):
    """A model with its right conversion and the evidence that found it right."""

    job: Job
    evidence: Evidence
    candidate: Candidate
    held: Held


def numbers(seed: int, *, holes: bool = False) -> tuple[pd.DataFrame, Any]:
    """Five columns of numbers and four classes."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(400, 5)) * [1, 10, 0.1, 5, 2] + [0, 3, 1, -4, 2]
    y = np.digitize(x[:, 0] + x[:, 1] / 10 + x[:, 3] / 5, [-1.0, -0.5, 0.2])
    if holes:
        x[rng.random(x.shape) < 0.15] = np.nan
        y = np.where(np.isnan(x[:, 1]), 3, y)
    return pd.DataFrame(x, columns=list("abcde")), y


def people(seed: int) -> tuple[pd.DataFrame, Any]:
    """Numbers with holes, and words."""
    rng = np.random.default_rng(seed)
    cities = ["Bonn", "Köln", "Ulm", "Jena", "Kiel", "Trier"]
    frame = pd.DataFrame(
        {"age": rng.uniform(1, 90, 400), "size": rng.normal(170, 9, 400), "city": rng.choice(cities, 400)}
    )
    y = (frame["age"] < 30 + 8 * frame["city"].map(cities.index)).astype(int) + (frame["size"] > 175)
    frame.loc[rng.random(400) < 0.1, "age"] = np.nan
    return frame, y.to_numpy()


@functools.cache
def honest(family: str, number: int) -> Honest:
    """The `number`th model of `family` that has a right conversion: made, saved, loaded, converted and proved."""
    seeds = itertools.count(number, STEP)
    tries = (_honest(family, seed) for seed in itertools.islice(seeds, 10))
    found = next((each for each in tries if each is not None), None)
    if found is None:
        raise SystemExit(f"{family}: no conversion holds, so there is nothing to mutate")
    return found


def _honest(family: str, seed: int) -> Honest | None:
    """None where no conversion holds for all that the model takes, such as where two classes tie."""
    directory = Path(tempfile.mkdtemp(prefix="mutants-")) / "model"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _save(*FAMILIES[family](seed), directory)
        bundle, model = loaded(directory, "sha256:none", SETTINGS)
        assert isinstance(model, SklearnModel | TablesModel)
        job = Job(directory, bundle, model, SETTINGS)
        known = known_rows(job)
        assert known is not None
        evidence = gather(job, known)
        for candidate in candidates(job):
            held = proved(job, candidate, evidence) if isinstance(candidate, Candidate) else ""
            if isinstance(candidate, Candidate) and isinstance(held, Held) and held.missing == bundle.missing:
                return Honest(job, evidence, candidate, held)
    return None


def _save(model: Any, x: pd.DataFrame, directory: Path) -> None:
    import mlflow.lightgbm
    import mlflow.sklearn
    import mlflow.xgboost
    from mlflow.models import infer_signature

    library = type(model).__module__.partition(".")[0]
    by: Any = {"sklearn": mlflow.sklearn, "xgboost": mlflow.xgboost, "lightgbm": mlflow.lightgbm}[library]
    more: dict[str, Any] = (
        {"skops_trusted_types": TRUSTED, "serialization_format": "skops"} if library == "sklearn" else {}
    )
    whole = x.dropna()
    about = {
        "signature": infer_signature(whole, model.predict(whole)),
        "input_example": whole[:40],
        "pip_requirements": [],
    }
    by.save_model(model, directory, **about, **more)


def _forest(seed: int, *, holes: bool = False) -> tuple[Any, pd.DataFrame]:
    from sklearn.ensemble import RandomForestClassifier

    x, y = numbers(seed, holes=holes)
    return RandomForestClassifier(9, max_depth=5, random_state=seed).fit(x, y), x


def _tree(seed: int) -> tuple[Any, pd.DataFrame]:
    from sklearn.tree import DecisionTreeClassifier

    x, y = numbers(seed, holes=True)
    return DecisionTreeClassifier(max_depth=6, random_state=seed).fit(x, y), x


def _regressor(seed: int) -> tuple[Any, pd.DataFrame]:
    from sklearn.ensemble import ExtraTreesRegressor

    x, y = numbers(seed)
    return ExtraTreesRegressor(9, max_depth=5, random_state=seed).fit(x, y * 10.0 + 5), x


def _gradient(seed: int) -> tuple[Any, pd.DataFrame]:
    from sklearn.ensemble import GradientBoostingClassifier

    x, y = numbers(seed)
    return GradientBoostingClassifier(n_estimators=5, random_state=seed).fit(x, y), x


def _xgboost(seed: int) -> tuple[Any, pd.DataFrame]:
    from xgboost import XGBClassifier

    x, y = numbers(seed, holes=True)
    return XGBClassifier(n_estimators=5, max_depth=4, n_jobs=1, random_state=seed).fit(x, y), x


def _lightgbm(seed: int) -> tuple[Any, pd.DataFrame]:
    import lightgbm

    x, y = numbers(seed, holes=True)
    params = {"objective": "binary", "verbose": -1, "num_threads": 1, "seed": seed, "num_leaves": 9}
    return lightgbm.train(params, lightgbm.Dataset(x, (y > 1).astype(int)), 6), x


def _scaled(last: Callable[[], Any]) -> Callable[[int], tuple[Any, pd.DataFrame]]:
    def made(seed: int) -> tuple[Any, pd.DataFrame]:
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        x, y = numbers(seed, holes=True)
        return make_pipeline(SimpleImputer(), StandardScaler(), last()).fit(x, y), x

    return made


def _mixed(last: Callable[[], Any], *, ordinal: bool = False) -> Callable[[int], tuple[Any, pd.DataFrame]]:
    def made(seed: int) -> tuple[Any, pd.DataFrame]:
        from sklearn.compose import ColumnTransformer
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

        x, y = people(seed)
        lenient = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
        encoder = lenient if ordinal else OneHotEncoder(handle_unknown="ignore")
        numeric = make_pipeline(SimpleImputer(), StandardScaler())
        columns = ColumnTransformer([("n", numeric, ["age", "size"]), ("w", encoder, ["city"])])
        return make_pipeline(columns, last()).fit(x, y), x

    return made


def _logistic() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=2000)


def _ridge() -> Any:
    from sklearn.linear_model import Ridge

    return Ridge()


def _small_forest() -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(9, max_depth=6, random_state=0)


FAMILIES: dict[str, Callable[[int], tuple[Any, pd.DataFrame]]] = {
    "decision tree": _tree,
    "random forest": _forest,
    "random forest, holes": lambda seed: _forest(seed, holes=True),
    "extra trees, regression": _regressor,
    "gradient boosting": _gradient,
    "XGBoost": _xgboost,
    "LightGBM": _lightgbm,
    "scaled logistic": _scaled(_logistic),
    "scaled ridge": _scaled(_ridge),
    "scaled forest": _scaled(_small_forest),
    "mixed logistic": _mixed(_logistic),
    "mixed forest": _mixed(_small_forest),
    "mixed forest, ordinal": _mixed(_small_forest, ordinal=True),
}
