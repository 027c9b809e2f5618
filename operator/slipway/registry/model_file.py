"""The types inside a version's skops file, as far as they can be known without bringing the model up."""

from __future__ import annotations

import logging
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repo import ArtifactRepository

from slipway.gates.inline import contract, skops

LOG = logging.getLogger(__name__)

MAX_FILE = 24 * 2**20
"""Larger files are left to the init container: the operator's disk and patience are small."""

MAX_SCHEMA = 8 * 2**20
_SCHEMA = "schema.json"
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, RuntimeError)
_UNREADABLE = (MlflowException, OSError, ImportError, *_DAMAGED)


def unlisted_types(repository: ArtifactRepository, mlmodel: str) -> tuple[str, ...] | None:
    """Types that no server loads in the skops file that the MLmodel text `mlmodel` names.

    None where there is no such file or it could not be read: too large, not there, damaged. Then only the init
    container knows, which reads it in any case.
    """
    try:
        name = _skops_file(mlmodel)
        if name is None or not 0 < _size(repository, name) <= MAX_FILE:
            return None
        with tempfile.TemporaryDirectory(prefix="slipway-") as directory:
            repository.download_artifacts(name, directory)
            return skops.unlisted(_schema(Path(directory) / name))
    except _UNREADABLE as error:
        LOG.info("the model file's types could not be read: %s", error)
        return None


def _skops_file(mlmodel: str) -> str | None:
    """Path of the file within the model's artifacts. Raises ContractError."""
    conf = contract.files(mlmodel, None).flavors.get("sklearn", {})
    name = str(conf.get("pickled_model", ""))
    inside = name and ".." not in PurePosixPath(name).parts and not name.startswith("/")
    return name if conf.get("serialization_format") == "skops" and inside else None


def _size(repository: ArtifactRepository, name: str) -> int:
    """Bytes of the file, by the store's listing; 0 where it does not say."""
    parent = str(PurePosixPath(name).parent)
    listed = repository.list_artifacts(None if parent == "." else parent)
    return next((int(file.file_size or 0) for file in listed if file.path == name), 0)


def _schema(path: Path) -> str:
    """Text of the file's schema. Raises ValueError for one that is too large, and what zipfile raises."""
    with zipfile.ZipFile(path) as archive, archive.open(_SCHEMA) as stream:
        text = stream.read(MAX_SCHEMA + 1)
    if len(text) > MAX_SCHEMA:
        raise ValueError(f"{_SCHEMA} is larger than {MAX_SCHEMA} bytes")
    return text.decode(errors="replace")
