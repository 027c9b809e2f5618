"""The types in a version's skops file, read from a store of artifacts."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

from slipway.registry import model_file
from slipway.registry.model_file import unlisted_types

MLMODEL = "flavors: {sklearn: {serialization_format: skops, pickled_model: FILE}}"
SCHEMA = '{"__class__": "Own", "__module__": "mine", "__loader__": "ObjectNode", "content": {}}'


def archive(path: Path, name: str = "schema.json", text: str = SCHEMA) -> None:
    """A skops file."""
    path.parent.mkdir(exist_ok=True, parents=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, text)


def read(directory: Path, name: str = "model.skops", mlmodel: str = MLMODEL) -> tuple[str, ...] | None:
    return unlisted_types(LocalArtifactRepository(str(directory)), mlmodel.replace("FILE", name))


@pytest.mark.parametrize("name", ["model.skops", "data/model.skops"])
def test_the_file_that_the_mlmodel_names_is_read(tmp_path: Path, name: str) -> None:
    archive(tmp_path / name)
    assert read(tmp_path, name) == ("mine.Own",)


def damaged(path: Path) -> None:
    archive(path)
    path.write_bytes(path.read_bytes().replace(b"PK\x03\x04", b"PK\x03\x05"))


UNREADABLE: list[Callable[[Path], None]] = [
    lambda path: None,
    lambda path: path.parent.mkdir(exist_ok=True, parents=True),
    lambda path: archive(path, name="other.json"),
    lambda path: archive(path, text="no schema"),
    lambda path: archive(path, text=" " * (model_file.MAX_SCHEMA + 1)),
    lambda path: path.write_bytes(b"\0" * (model_file.MAX_FILE + 1)) and None,
    lambda path: path.write_bytes(b"no archive") and None,
    damaged,
]


@pytest.mark.parametrize("make", UNREADABLE)
def test_what_cannot_be_read_is_not_known(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "model.skops")
    assert read(tmp_path) is None


@pytest.mark.parametrize(
    "mlmodel",
    [
        "flavors: {sklearn: {serialization_format: cloudpickle, pickled_model: model.skops}}",
        "flavors: {onnx: {data: model.onnx}}",
        "flavors: {sklearn: {serialization_format: skops, pickled_model: ../model.skops}}",
        "no mapping",
    ],
)
def test_other_models_have_no_such_file(tmp_path: Path, mlmodel: str) -> None:
    archive(tmp_path / "model.skops")
    assert read(tmp_path, mlmodel=mlmodel) is None
