"""The proof counts what both sides answered, and draws what a model's encoders and vectorizers know, and beyond."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from slipway_server.fetch.proof import rows, table_rows
from slipway_server.fetch.proof.asked import asked
from slipway_server.fetch.proof.categories import Categories, categories, outside
from slipway_server.fetch.proof.features import Interests
from slipway_server.fetch.proof.prove import EVERY, Counts, Proof, Sides, enough, prove
from slipway_server.fetch.proof.steps import follow
from slipway_server.fetch.proof.words import TEXTS, texts
from slipway_server.model import bundle as bundles
from slipway_server.model.bundle import Column, Signature
from slipway_server.model.inputs import Inputs

Prepared = Callable[..., bundles.Bundle]


def column(values: list[float]) -> Inputs:
    return Inputs(len(values), matrix=np.array(values, dtype=np.float64).reshape(-1, 1))


def refusing(below: float, shift: float = 0.0) -> Callable[[Inputs], Any]:
    """A model of one column that takes no batch with a value under `below`."""

    def answer(inputs: Inputs) -> Any:
        assert inputs.matrix is not None
        if bool((inputs.matrix < below).any()):
            raise ValueError("too small")
        return inputs.matrix[:, 0] + shift

    return answer


def test_a_refused_row_hides_no_other() -> None:
    sets = {"all": column([1, 2, -1, 3, 4, 5, -2, 6])}
    proof = prove(Sides(refusing(0), refusing(0)), sets, 1e-6)
    assert (proof.holds, proof.rows["all"]) == (True, Counts(compared=6, refused_by_both=2))
    assert "differ" in prove(Sides(refusing(0), refusing(0, shift=1.0)), sets, 1e-6).found


def test_answers_come_in_the_order_of_their_rows() -> None:
    values = [float(value) for value in np.random.default_rng(0).integers(-3, 90, 200)]
    found = asked(refusing(0), column(values))
    assert found.of(found.answered).tolist() == [value for value in values if value >= 0]
    assert int(found.refused.sum()) == sum(value < 0 for value in values)


def test_rows_that_are_not_asked_count_as_nothing() -> None:
    def never(_: Inputs) -> Any:
        raise ValueError("no")

    found = asked(never, column([0.0] * 5000))
    assert not found.answered.any()
    assert 0 < int(found.refused.sum()) < 5000
    assert found.calls == 512


def test_one_that_refuses_what_the_other_takes_disagrees() -> None:
    sets = {"all": column([1, 2, -1, 3])}
    for sides in (Sides(refusing(0), refusing(-9)), Sides(refusing(-9), refusing(0))):
        proof = prove(sides, sets, 1e-6)
        assert (proof.holds, proof.rows["all"]) == (False, Counts(compared=3, refused_by_one=1))
        assert "row 2" in proof.found


def test_what_the_reader_refuses_never_reaches_the_compiled_model() -> None:
    sides = Sides(refusing(0), refusing(0), lambda inputs: inputs.matrix[:, 0] > 2)  # type: ignore[index]
    counts = prove(sides, {"all": column([1, 2, -1, 3])}, 1e-6).rows["all"]
    assert counts == Counts(compared=2, refused_by_both=1, refused_by_one=1)


@pytest.mark.parametrize(
    ("kinds", "held"),
    [
        ({"random": Counts(199, 1801)}, False),
        ({"random": Counts(199, 1801), "known": Counts(1)}, True),
        ({EVERY: Counts(3, 1)}, True),
        ({EVERY: Counts(0, 4)}, False),
        ({}, False),
    ],
)
def test_two_hundred_rows_or_all_that_there_are(kinds: dict[str, Counts], held: bool) -> None:
    proof = enough(Proof(True, kinds, 0.0, 1e-6))
    assert proof.holds == held
    assert ("could be compared" in proof.found) != held


def test_a_small_domain_is_tried_whole() -> None:
    signature = Signature(columns=(Column("member", "boolean"), Column("city", "string")))
    known = Inputs(1, columns={"member": np.array([True]), "city": np.array(["Bonn"], dtype=object)})
    strict = {"city": ["Bonn", "Köln", "Ulm"]}
    sets = table_rows.column_sets(Interests({}, {}), known, signature, Categories(strict, strict, []))
    pairs = set(zip(sets[EVERY].columns["member"].tolist(), sets[EVERY].columns["city"].tolist(), strict=True))  # type: ignore[index]
    assert pairs == {(member, city) for member in (True, False) for city in strict["city"]}


def test_known_categories_are_drawn_and_unknown_ones_are_a_kind_of_their_own() -> None:
    signature = Signature(columns=(Column("region", "long"), Column("x", "double")))
    known = np.array([[10.0, 0.5], [30.0, 0.1]])
    found = Categories({"region": [10, 20, 30]}, {"region": [10, 20, 30]}, [])
    sets = rows.matrix_sets(Interests({}, {}), known, signature, found)
    assert set(sets["random"].matrix[:, 0]) == {10.0, 20.0, 30.0}  # type: ignore[index]
    assert outside(found.only, signature, sets["unheard of"]).all()
    assert not outside(found.only, signature, sets["random"]).any()


def test_encoders_are_found_wherever_they_stand() -> None:
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    frame = pd.DataFrame({"c": [1.0, 2.0, np.nan] * 9, "d": [5, 6, 7] * 9})
    signature = Signature(columns=(Column("c", "double", required=False), Column("d", "long")))
    first = make_pipeline(OneHotEncoder(), LogisticRegression()).fit(frame.to_numpy(), [0, 1, 1] * 9)
    assert categories(follow(first, signature), signature).only == {"c": [1.0, 2.0, None], "d": [5.0, 6.0, 7.0]}
    for picked in ([1], slice(1, 2), [False, True], ["d"]):
        within = ColumnTransformer([("e", OneHotEncoder(), picked)])
        model = make_pipeline(within, LogisticRegression()).fit(frame, [0, 1, 1] * 9)
        assert categories(follow(model, signature), signature).only == {"d": [5, 6, 7]}


def test_texts_hold_more_than_a_to_z() -> None:
    drawn = texts(np.random.default_rng(0), ["house", "café"], 600).tolist()
    assert set(TEXTS) <= set(drawn)
    assert {"", " ", "HOUSE", "houseé", "cafe", "house_x"} <= set(drawn)
    assert max(map(len, drawn)) >= 3000
    assert sum("house" in text for text in drawn) > 100


def encoded(handle: str) -> tuple[Any, pd.DataFrame]:
    """Calibration by steps, which the converter writes as something else."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.compose import ColumnTransformer
    from sklearn.datasets import make_classification
    from sklearn.naive_bayes import GaussianNB
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    x, y = make_classification(600, 6, random_state=0)
    frame = pd.DataFrame(x, columns=[f"c{index}" for index in range(6)])
    frame.insert(0, "region", np.random.default_rng(0).choice([10, 20, 30], 600))
    encoder = OneHotEncoder(handle_unknown=handle, sparse_output=False)
    within = ColumnTransformer([("e", encoder, ["region"])], remainder="passthrough")
    last = CalibratedClassifierCV(GaussianNB(), method="isotonic", cv=3)
    return make_pipeline(within, last).fit(frame, y), frame


@pytest.mark.parametrize("handle", ["error", "ignore"])
def test_a_wrong_conversion_does_not_hide_behind_refused_rows(prepared: Prepared, handle: str) -> None:
    found = prepared(*encoded(handle), pyfunc_predict_fn="predict_proba")
    assert (found.kind, found.compiled) == ("native", None)
    assert "differ" in found.why


def test_the_report_counts_what_was_compared(bundle_of: Callable[[str], bundles.Bundle]) -> None:
    found = bundle_of("mixed")
    counted = (found.proof or {})["predict"]["rows"]
    assert counted["unheard of"] == {"compared": 0, "refused_by_both": 16, "refused_by_one": 0}
    assert f"on {sum(each['compared'] for each in counted.values())} rows" in found.why


@pytest.mark.parametrize("lowercase", [True, False])
def test_a_vectorizer_whose_words_the_converter_cuts_elsewhere_is_served_natively(
    prepared: Prepared, lowercase: bool
) -> None:
    from sklearn.compose import ColumnTransformer
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    rng = np.random.default_rng(0)
    words = ["open", "house", "closed", "blue", "green", "caf"]
    frame = pd.DataFrame({"text": [" ".join(rng.choice(words, 4)) for _ in range(200)], "n": rng.normal(size=200)})
    within = ColumnTransformer([("t", CountVectorizer(lowercase=lowercase), "text"), ("n", "passthrough", ["n"])])
    y = frame["text"].str.contains("caf").astype(int)
    found = prepared(make_pipeline(within, LogisticRegression(max_iter=1000)).fit(frame, y), frame)
    assert found.kind == "native"
    # Without the runtime's locale, a graph that changes letters doesn't even load.
    assert "texts: " in found.why or (lowercase and "StringNormalizer" in found.why)


def test_an_imputer_before_trees_is_no_reason_to_fail(prepared: Prepared) -> None:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline

    x = np.random.default_rng(0).normal(size=(300, 3))
    frame = pd.DataFrame(x, columns=["a", "b", "c"])
    model = make_pipeline(SimpleImputer(), RandomForestClassifier(5, random_state=0))
    found = prepared(model.fit(frame, (x[:, 0] > 0).astype(int)), frame)
    assert found.kind == "onnx", found.why


@pytest.fixture
def prepared(tmp_path: Path) -> Prepared:
    """Save a model as users do, with a few rows as its example, and prepare it as fetching does."""
    from tests.server.models import prepare_saved

    def made(model: Any, frame: pd.DataFrame, **more: Any) -> bundles.Bundle:
        return prepare_saved(model, frame, tmp_path / "model", **more)

    return made
