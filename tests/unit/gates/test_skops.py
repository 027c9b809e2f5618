"""What is known of a skops file before any pod starts, held against what skops itself says."""

from __future__ import annotations

import io
import json
import operator
import zipfile
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from slipway.gates.inline.skops import SchemaError, unlisted


def double(table: Any) -> Any:
    """A function that no server has."""
    return 2 * table


class Own(StandardScaler):
    """A transformer that no server has."""


SERVED = [
    LogisticRegression(),
    make_pipeline(StandardScaler(), RandomForestClassifier(3)),
    make_pipeline(FunctionTransformer(np.log1p), LogisticRegression()),
    GradientBoostingClassifier(n_estimators=3),
    HistGradientBoostingClassifier(max_iter=3),
    CalibratedClassifierCV(LogisticRegression(), cv=2),
    KNeighborsClassifier(),
]
REFUSED = [
    (make_pipeline(FunctionTransformer(double), LogisticRegression()), f"{__name__}.double"),
    (make_pipeline(Own(), LogisticRegression()), f"{__name__}.Own"),
    (make_pipeline(FunctionTransformer(operator.methodcaller("copy")), LogisticRegression()), "operator.methodcaller"),
    (make_pipeline(FunctionTransformer(StandardScaler().transform)), "StandardScaler.transform"),
]


def dumped(estimator: Any) -> tuple[str, set[str]]:
    """The schema of the fitted estimator's file, and the types in it that skops does not vouch for."""
    data = skops.io.dumps(estimator)
    schema = zipfile.ZipFile(io.BytesIO(data)).read("schema.json").decode()
    return schema, set(skops.io.get_untrusted_types(data=data))


def fitted(estimator: Any) -> Any:
    """The estimator, trained on very little."""
    table = np.random.default_rng(0).random((40, 2))
    return estimator.fit(table, (table[:, 0] > 0.5).astype(int))


@pytest.mark.parametrize("estimator", SERVED, ids=lambda estimator: repr(estimator)[:40])
def test_what_the_server_loads_is_never_named(estimator: Any) -> None:
    assert unlisted(dumped(fitted(estimator))[0]) == ()


@pytest.mark.parametrize(("estimator", "name"), REFUSED, ids=lambda value: str(value)[-20:])
def test_what_is_named_skops_refuses_too(estimator: Any, name: str) -> None:
    schema, untrusted = dumped(estimator)
    (found,) = unlisted(schema)
    assert found.endswith(name)
    assert found in untrusted


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "{}", "[" * 100_000, json.dumps({"a": 1})])
def test_a_text_that_is_no_schema_says_so(text: str) -> None:
    with pytest.raises(SchemaError):
        unlisted(text)
