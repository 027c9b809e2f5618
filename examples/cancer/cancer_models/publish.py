"""From a trained estimator to a registered model version. All of MLflow is here and in the models that are code."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlflow
import skops.io
from mlflow import MlflowClient
from mlflow.models import infer_signature

from slipway_server.model.digest import manifest_digest

from . import tags
from .data import HOLDOUT_SHARE, RANDOM_STATE, Split, holdout_frame
from .estimators import Classifier, fitted
from .kinds import Kind
from .reference import reference
from .scoring import metrics, scores

TRUSTED_TYPES = ["sklearn.tree._tree.Tree"]
"""What skops may rebuild besides what it knows; whoever loads the model should hold it against a list of their own."""

_REQUIREMENTS = [f"{name}=={version(name)}" for name in ("mlflow-skinny", "numpy", "pandas", "scikit-learn", "skops")]
_CODE = {kind: Path(__file__).with_name(f"{kind}_model.py") for kind in (Kind.SLOW, Kind.DRILL)}
"""The versions that bring code of their own."""
_EXAMPLE_ROWS = 2


@dataclass(frozen=True)
class Target:
    """Where versions go, and what they say of their origin."""

    name: str
    git_sha: str


def existing(name: str, kind: Kind, data_version: str) -> str | None:
    """The first version of `kind` that this very data and code made, if the registry has one."""
    made = tags.recipe(kind, data_version)
    versions = MlflowClient().search_model_versions(f"name = '{name}'")
    same = [int(each.version) for each in versions if each.tags.get(tags.RECIPE_TAG) == made]
    return str(min(same)) if same else None


def publish(kind: Kind, split: Split, target: Target) -> tuple[str, dict[str, float]]:
    """Train, log and register one version of `kind`; its number and its metrics."""
    model = fitted(kind, split)
    score = scores(model, split)
    figures = metrics(split, score)
    with mlflow.start_run(run_name=kind), tempfile.TemporaryDirectory() as scratch:
        mlflow.log_params({"kind": kind, "random_state": RANDOM_STATE, "holdout_share": HOLDOUT_SHARE})
        # Before the model is logged: MLflow copies the run's metrics to the model then, and never later.
        mlflow.log_metrics(figures)
        model_id = _log_model(kind, model, split, Path(scratch))
        _add_files(model_id, _beside(Path(scratch), split, reference(split.train_x, score)))
        if kind is Kind.BROKEN:
            _damage(model_id, Path(scratch))
        return _register(model_id, kind, split, target), figures


def _log_model(kind: Kind, model: Classifier, split: Split, scratch: Path) -> str:
    """The MLflow id of the logged model, which answers with probabilities: labels alone could not be ranked."""
    example = split.holdout_x.head(_EXAMPLE_ROWS)
    common: dict[str, Any] = {
        "name": "model",
        "signature": infer_signature(example, model.predict_proba(example)),
        "input_example": example,
        "pip_requirements": _REQUIREMENTS,
    }
    if kind in _CODE:
        estimator = scratch / "estimator.skops"
        skops.io.dump(model, estimator)
        info = mlflow.pyfunc.log_model(python_model=str(_CODE[kind]), artifacts={"estimator": str(estimator)}, **common)
    else:
        info = mlflow.sklearn.log_model(
            model,
            serialization_format="skops",
            skops_trusted_types=TRUSTED_TYPES,
            pyfunc_predict_fn="predict_proba",
            **common,
        )
    return str(info.model_id)


def _beside(scratch: Path, split: Split, drift: dict[str, object]) -> list[Path]:
    """The files that go with every version: the holdout for rescoring, the reference for drift."""
    holdout, expected = scratch / "holdout.parquet", scratch / "reference.json"
    holdout_frame(split).to_parquet(holdout, index=False)
    expected.write_text(json.dumps(drift))
    return [holdout, expected]


def _add_files(model_id: str, files: list[Path]) -> None:
    """Put `files` beside the model, where its digest covers them, and on the run, where people look."""
    for path in files:
        MlflowClient().log_model_artifact(model_id, str(path))
        mlflow.log_artifact(str(path))


def _damage(model_id: str, scratch: Path) -> None:
    """Upload half of the model's file over the whole. Registry and digest agree on it, yet it cannot be loaded."""
    path = _download(model_id, scratch / "undamaged") / "model.skops"
    halve(path)
    MlflowClient().log_model_artifact(model_id, str(path))


def halve(path: Path) -> None:
    """Keep the first half of the file, as an upload that broke off would."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def _register(model_id: str, kind: Kind, split: Split, target: Target) -> str:
    """The number of the new version. Its tags come with its creation, so that no version is ever half described."""
    with tempfile.TemporaryDirectory() as served:
        digest = manifest_digest(_download(model_id, Path(served)))
    described = tags.governance(kind, split.version, target.git_sha) | {
        tags.DIGEST_TAG: digest,
        tags.KIND_TAG: kind,
        tags.RECIPE_TAG: tags.recipe(kind, split.version),
    }
    return str(mlflow.register_model(f"models:/{model_id}", target.name, tags=described).version)


def _download(model_id: str, into: Path) -> Path:
    """The directory with the model's files as anybody gets them from the server."""
    into.mkdir(exist_ok=True)
    return Path(mlflow.artifacts.download_artifacts(f"models:/{model_id}", dst_path=str(into)))
