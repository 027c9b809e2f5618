"""The form in which a scikit-learn model waits for the native path: quick to read, and able to name little."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from slipway_server.errors import ModelError
from slipway_server.fetch import libraries
from slipway_server.fetch.prepare import prepare
from slipway_server.flavors.frozen import freeze, thaw
from slipway_server.model import bundle as bundles
from tests.server.conftest import SETTINGS

ESTIMATORS = [
    RandomForestClassifier(5, random_state=1),
    GradientBoostingRegressor(n_estimators=5, random_state=1),
    HistGradientBoostingClassifier(max_iter=5),
    make_pipeline(StandardScaler(), LogisticRegression()),
    make_pipeline(ColumnTransformer([("two", StandardScaler(), [0, 1])], remainder="passthrough"), Ridge()),
    SVC(),
]


def data() -> tuple[Any, Any]:
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(60, 4))
    return rows, (rows[:, 0] > 0).astype(int)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda each: type(each).__name__)
def test_an_estimator_comes_back_as_it_was(estimator: Any) -> None:
    rows, labels = data()
    content = freeze(estimator.fit(rows, labels))
    assert content is not None
    assert thaw(content).predict(rows).tolist() == estimator.predict(rows).tolist()


class Own(BaseEstimator):
    """An estimator that is not scikit-learn's."""


class Runs:
    def __reduce__(self) -> Any:
        return os.system, ("true",)


def test_what_is_not_scikit_learns_own_is_not_frozen() -> None:
    assert freeze(Own()) is None
    assert freeze(FunctionTransformer(np.log)) is None
    assert freeze(lambda: 1) is None


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps(Runs()),
        b"csklearn.utils\nBunch.keys\n.",
        b"csklearn.datasets\nfetch_openml\n.",
        b"csklearn.utils._param_validation\nos.system\n.",
        b"cbuiltins\neval\n.",
    ],
)
def test_a_pickle_that_names_anything_else_is_refused_before_it_runs(content: bytes) -> None:
    with pytest.raises(ModelError, match=r"can't be read|not known to be harmless"):
        thaw(content)


def test_a_damaged_one_says_what_to_do() -> None:
    with pytest.raises(ModelError, match="fetch it anew"):
        thaw(b"\x80\x05")


def test_a_native_model_of_numbers_needs_scikit_learn_only(fetched: Callable[[str], Path]) -> None:
    """And starts without what its place in the cluster does not have."""
    directory = fetched("boosted")
    bundle = bundles.read(directory)
    assert (bundle.kind, bundle.frozen, bundle.frames) == ("native", True, False)
    assert libraries.roots(bundle) == ("scikit-learn",)
    program = f"""
import sys
for name in ("pandas", "skops", "mlflow", "yaml"):
    sys.modules[name] = None
from pathlib import Path
import msgspec
from slipway_server.model import bundle as bundles
from slipway_server.predictor import native
from slipway_server.protocols.select import reader_for
from slipway_server.settings import Settings
bundle = bundles.read(Path({str(directory)!r}))
inputs = reader_for(bundle, Settings()).read(msgspec.json.encode(bundle.example))
print(len(native.build(Path({str(directory)!r}), bundle, Settings()).predict(inputs)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 1


def test_a_model_that_takes_its_columns_by_name_keeps_pandas(saved: Callable[[str], Path], tmp_path: Path) -> None:
    directory = tmp_path / "mixed"
    shutil.copytree(saved("mixed"), directory)
    bundle = prepare(directory, "sha256:0", msgspec.structs.replace(SETTINGS, compile=False))
    assert (bundle.frozen, bundle.frames) == (True, True)
    assert libraries.roots(bundle) == ("scikit-learn", "pandas")
    assert libraries.roots(msgspec.structs.replace(bundle, frozen=False)) == (
        "scikit-learn",
        "skops",
        "pyyaml",
        "pandas",
    )
