"""The example's versions are what the demonstration says they are. Registering them needs a server: see tests/e2e."""

from __future__ import annotations

import importlib
import time
import warnings
import zipfile
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import skops.io
import yaml
from examples.cancer.cancer_models import data, publish, tags
from examples.cancer.cancer_models.estimators import Classifier, fitted
from examples.cancer.cancer_models.kinds import DEMONSTRATION, Kind
from examples.cancer.cancer_models.reference import BINS, reference
from examples.cancer.cancer_models.scoring import metrics, scores

from slipway.api.release import ReleaseSpec
from slipway.gates.inline.governance import judge, problems
from slipway.gates.inline.policy import GovernancePolicy

EXAMPLE = Path(__file__).parents[2] / "examples" / "cancer"
SHA = "0123456789abcdef0123456789abcdef01234567"
LIKE_GOOD = [Kind.SLOW, Kind.BROKEN, Kind.UNTAGGED, Kind.DRILL]


@pytest.fixture(scope="module")
def split() -> data.Split:
    return data.load()


@pytest.fixture(scope="module")
def models(split: data.Split) -> dict[Kind, Classifier]:
    return {kind: fitted(kind, split) for kind in Kind}


@pytest.fixture(scope="module")
def auc(split: data.Split, models: dict[Kind, Classifier]) -> dict[Kind, float]:
    return {kind: metrics(split, scores(model, split))["auc"] for kind, model in models.items()}


@pytest.fixture
def policy() -> GovernancePolicy:
    return GovernancePolicy.parse((EXAMPLE / "governance.tags.yaml").read_text())


@pytest.fixture
def slow_model() -> ModuleType:
    with warnings.catch_warnings():
        # mlflow.pyfunc warns about type hints of its own while it is imported.
        warnings.simplefilter("ignore", UserWarning)
        return importlib.import_module("examples.cancer.cancer_models.slow_model")


@pytest.fixture
def train(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    return importlib.import_module("train")


def test_the_versions_differ_in_auc_as_the_gates_need_it(auc: dict[Kind, float]) -> None:
    floor = _spec().gates.metrics[0].minimum
    assert floor is not None
    assert floor + 0.01 < auc[Kind.WORSE] < auc[Kind.MODEST] - 0.01
    assert 0.95 <= auc[Kind.MODEST] <= 0.97
    assert auc[Kind.GOOD] > auc[Kind.MODEST] + 0.02


@pytest.mark.parametrize("kind", LIKE_GOOD)
def test_only_one_thing_is_wrong_with_each_bad_version(kind: Kind, auc: dict[Kind, float]) -> None:
    assert auc[kind] == auc[Kind.GOOD]


@pytest.mark.parametrize("kind", list(Kind))
def test_training_again_gives_the_same_scores(kind: Kind, split: data.Split, models: dict[Kind, Classifier]) -> None:
    assert np.array_equal(scores(models[kind], split), scores(fitted(kind, split), split))


def test_the_data_are_split_the_same_way_and_nothing_is_in_both_parts(split: data.Split) -> None:
    again = data.load()
    assert again.version == split.version
    pd.testing.assert_frame_equal(again.holdout_x, split.holdout_x)
    assert not set(split.train_x.index) & set(split.holdout_x.index)


def test_the_data_version_follows_every_value_and_every_name(split: data.Split) -> None:
    changed = split.holdout_x.copy()
    changed.iloc[7, 3] += 1e-9
    renamed = split.holdout_x.rename(columns={"mean radius": "radius"})
    assert len({data.version(frame) for frame in (split.holdout_x, changed, renamed)}) == 3


def test_the_holdout_is_features_in_order_and_the_label(split: data.Split) -> None:
    frame = data.holdout_frame(split)
    assert list(frame.columns) == [*split.train_x.columns, "target"]
    assert len(frame) == 228
    assert set(frame["target"]) == {0, 1}
    assert all(frame[name].dtype == "float64" for name in split.train_x.columns)


def test_auc_ranks_scores_and_not_labels(split: data.Split, models: dict[Kind, Classifier]) -> None:
    score = scores(models[Kind.GOOD], split)
    of_labels = metrics(split, (score >= 0.5).astype("float64"))["auc"]
    assert metrics(split, score)["auc"] > of_labels


def test_the_reference_has_a_share_for_every_bin_of_every_feature(split: data.Split) -> None:
    features = reference(split.train_x, np.array([0.0, 0.1, 1.0]))["features"]
    assert isinstance(features, dict)
    assert list(features) == list(split.train_x.columns)
    for bins in features.values():
        assert len(bins["shares"]) == len(bins["edges"]) + 1
        assert bins["edges"] == sorted(set(bins["edges"]))
        assert sum(bins["shares"]) == pytest.approx(1)
        assert max(bins["shares"]) < 0.25


def test_a_value_on_an_edge_belongs_below_it(split: data.Split) -> None:
    score = reference(split.train_x, np.array([0.0, 0.1, 0.100001, 1.0]))["score"]
    assert score["shares"] == [0.5, 0.25, *[0.0] * (BINS - 3), 0.25]  # type: ignore[index]


def test_equal_edges_count_once() -> None:
    constant = pd.DataFrame({"same": [3.0] * 50})
    features = reference(constant, np.array([0.5]))["features"]
    assert features == {"same": {"edges": [3.0], "shares": [1.0, 0.0]}}


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.UNTAGGED])
def test_the_tags_satisfy_the_policy(kind: Kind, policy: GovernancePolicy, split: data.Split) -> None:
    assert judge(policy, tags.governance(kind, split.version, SHA)).verdict == "Pass"


def test_the_untagged_version_lacks_its_owner_and_nothing_else(policy: GovernancePolicy, split: data.Split) -> None:
    found = problems(policy, tags.governance(Kind.UNTAGGED, split.version, SHA))
    assert [problem.tag for problem in found] == ["owner"]


def test_the_release_is_one_that_the_operator_takes() -> None:
    manifest = yaml.safe_load((EXAMPLE / "modelrelease.yaml").read_text())
    spec = _spec()
    assert manifest["metadata"] == {"name": "w7d1-cancer-classifier", "namespace": "demo"}
    assert spec.model.name == "w7d1_cancer_classifier"
    assert spec.model_dump(by_alias=True, exclude_unset=True, mode="json") == manifest["spec"]


@pytest.mark.parametrize("kind", [Kind.MODEST, Kind.GOOD, Kind.WORSE])
def test_skops_needs_to_trust_no_more_than_we_say(
    kind: Kind, models: dict[Kind, Classifier], split: data.Split, tmp_path: Path
) -> None:
    path = tmp_path / "model.skops"
    skops.io.dump(models[kind], path)
    loaded = skops.io.load(path, trusted=publish.TRUSTED_TYPES)
    assert np.array_equal(scores(loaded, split), scores(models[kind], split))


def test_half_a_model_cannot_be_loaded(models: dict[Kind, Classifier], tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    skops.io.dump(models[Kind.BROKEN], path)
    publish.halve(path)
    with pytest.raises(zipfile.BadZipFile):
        skops.io.load(path, trusted=publish.TRUSTED_TYPES)


def test_the_slow_model_is_right_and_late(
    slow_model: ModuleType, models: dict[Kind, Classifier], split: data.Split, tmp_path: Path
) -> None:
    path = tmp_path / "estimator.skops"
    skops.io.dump(models[Kind.SLOW], path)
    slow = slow_model.SlowModel()
    slow.load_context(SimpleNamespace(artifacts={"estimator": str(path)}))
    started = time.monotonic()
    answer = slow.predict(split.holdout_x)
    assert time.monotonic() - started > 0.2
    assert np.array_equal(answer[:, 1], scores(models[Kind.GOOD], split))


def test_a_version_is_recognised_by_its_recipe_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    good = {tags.RECIPE_TAG: tags.recipe(Kind.GOOD, "data-1")}
    stored = [("12", good), ("9", good), ("1", {"slipway.demo.kind": "good"}), ("2", {})]
    versions = [SimpleNamespace(version=number, tags=its) for number, its in stored]
    client = SimpleNamespace(search_model_versions=lambda _filter: versions)
    monkeypatch.setattr(publish, "MlflowClient", lambda: client)
    assert publish.existing("any", Kind.GOOD, "data-1") == "9"
    assert publish.existing("any", Kind.GOOD, "data-2") is None
    assert publish.existing("any", Kind.SLOW, "data-1") is None


def test_the_command_line_takes_kinds_by_name_and_number(train: ModuleType) -> None:
    assert train.arguments([]).only == list(DEMONSTRATION)
    assert train.arguments(["--only", "v2", "untagged"]).only == [Kind.GOOD, Kind.UNTAGGED]
    assert train.arguments(["--register", "worse"]).register == Kind.WORSE


@pytest.mark.parametrize("argv", [["--only", "v7"], ["--register", "best"], ["--only", "v1", "--register", "good"]])
def test_the_command_line_refuses_what_there_is_not(train: ModuleType, argv: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        train.arguments(argv)


def test_without_a_server_the_command_says_what_to_do(train: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(SystemExit, match="set MLFLOW_TRACKING_URI or pass --tracking-uri"):
        train.main([])


def _spec() -> ReleaseSpec:
    manifest = yaml.safe_load((EXAMPLE / "modelrelease.yaml").read_text())
    return ReleaseSpec.model_validate(manifest["spec"])
