"""What a model's folder brings besides data is refused where code is not allowed, before any of it is read."""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import yaml

from slipway_server.errors import ModelError
from slipway_server.flavors import load
from slipway_server.model.mlmodel import describe
from slipway_server.settings import Settings
from tests.server import models

CAREFUL, OPEN = Settings(allow_code=False, allow_pickle=False), Settings(allow_code=True, allow_pickle=True)
MARK = "SLIPWAY_TEST_A_MODELS_MODULE_RAN"


def booster(path: Path) -> Path:
    """A LightGBM booster as MLflow saves it."""
    models.lgb_binary(path)
    return path


def edited(path: Path, flavor: str, **conf: object) -> Path:
    """Its MLmodel with other values in the section of `flavor`."""
    content = yaml.safe_load((path / "MLmodel").read_text())
    content["flavors"][flavor] |= conf
    (path / "MLmodel").write_text(yaml.safe_dump(content))
    return path


def refused(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        load(path, describe(path).flavor, CAREFUL)
    assert caught.value.reason == "UnsafeModel"
    return caught.value.message


def test_a_module_that_the_model_brings_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MARK, raising=False)
    (tmp_path / "brought").mkdir()
    (tmp_path / "brought" / "helper.py").write_text(f"import os\nos.environ[{MARK!r}] = 'yes'\n")
    path = edited(booster(tmp_path / "model"), "python_function", code="code")
    (tmp_path / "brought").rename(path / "code")
    before = list(sys.path)
    assert "brings code (code: code)" in refused(path)
    assert "allowCode" in refused(path)
    assert (os.environ.get(MARK), sys.path) == (None, before)


@pytest.mark.parametrize("name", ["../model.lgb", "/etc/hostname", "sub", "sub/model.lgb", "..", "", 7])
def test_a_file_that_is_not_beside_mlmodel_is_not_read(tmp_path: Path, name: object) -> None:
    path = edited(booster(tmp_path / "model"), "lightgbm", data=name)
    (path / "sub").mkdir()
    shutil.copy(path / "model.lgb", path / "sub" / "model.lgb")
    shutil.copy(path / "model.lgb", tmp_path / "model.lgb")
    assert "file" in refused(path)


def test_a_link_is_no_plain_file(tmp_path: Path) -> None:
    path = booster(tmp_path / "model")
    (path / "model.lgb").rename(tmp_path / "elsewhere")
    (path / "model.lgb").symlink_to(tmp_path / "elsewhere")
    assert "is not a plain file" in refused(path)


def test_a_model_within_the_model_is_refused(tmp_path: Path) -> None:
    path = booster(tmp_path / "model")
    booster(path / "sub")
    assert "holds another model (sub/MLmodel)" in refused(path)


def test_session_entries_that_an_onnx_model_asks_for_are_refused(tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text(
        yaml.safe_dump({"flavors": {"python_function": {"loader_module": "mlflow.onnx"}, "onnx": {"data": "m.onnx"}}})
    )
    path = edited(
        tmp_path, "onnx", onnx_session_options={"extra_session_config": {"session.intra_op.allow_spinning": "0"}}
    )
    assert "extra_session_config" in refused(path)


@pytest.mark.parametrize(("settings", "said"), [(CAREFUL, "false"), (OPEN, "true")])
def test_mlflows_own_switch_for_pickles_follows_the_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings, said: str
) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "unset")
    load(booster(tmp_path / "model"), "lightgbm", settings)
    assert os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] == said


@pytest.mark.parametrize("kind", ["XGBClassifier", "XGBRegressor", "XGBRFClassifier", "XGBRFRegressor"])
def test_each_class_that_answers_by_itself_answers_as_mlflow_loads_it(tmp_path: Path, kind: str) -> None:
    import mlflow.pyfunc
    import mlflow.xgboost
    import xgboost

    x = np.random.default_rng(1).normal(size=(60, 2))
    model = getattr(xgboost, kind)(n_estimators=3).fit(x, (x[:, 0] > 0).astype(int))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mlflow.xgboost.save_model(model, str(tmp_path / "model"), pip_requirements=[])
    ours = load(tmp_path / "model", "xgboost", CAREFUL)
    theirs = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    assert np.array_equal(ours.predict(x, {}), theirs.predict(x))
