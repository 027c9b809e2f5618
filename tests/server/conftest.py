"""Models are saved and fetched once per session; servers run in this process, on a port of their own."""

from __future__ import annotations

import contextlib
import logging
import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from slipway_server.fetch.command import Order, fetch
from slipway_server.model import bundle as bundles
from slipway_server.model.mlmodel import describe
from slipway_server.settings import Settings
from tests.server import inprocess
from tests.server.client import Client
from tests.server.hard_models import HARD
from tests.server.models import MODELS

Kind = Literal["onnx", "native"]
Serve = Callable[..., contextlib.AbstractContextManager[Client]]
SETTINGS = Settings(
    model_name="demo",
    model_version="7",
    revision="demo-abc",
    allow_code=True,
    termination_log="",
    lame_duck_seconds=0.0,
)


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The directory that MLflow saved a model to."""
    root = tmp_path_factory.mktemp("saved")

    def directory(name: str) -> Path:
        path = root / name
        if not path.exists():
            (MODELS | HARD)[name](path)
        return path

    return directory


@pytest.fixture(scope="session")
def fetched(saved: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The directory that a model was fetched to."""
    root = tmp_path_factory.mktemp("fetched")

    def directory(name: str) -> Path:
        path = root / name
        if not path.exists():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                assert fetch(Order(str(saved(name)), path), SETTINGS) == 0
        return path

    return directory


@pytest.fixture(scope="session")
def serve(fetched: Callable[[str], Path]) -> Serve:
    """Start a server for a model; settings by keyword."""

    @contextlib.contextmanager
    def running(name: str, **settings: Any) -> Iterator[Client]:
        with inprocess.running(fetched(name), msgspec.structs.replace(SETTINGS, **settings)) as client:
            yield client

    return running


@contextlib.contextmanager
def served_as(directory: Path, out: Path, kind: Kind) -> Iterator[Client]:
    """A server of a copy, in `out`, of a compiled model: compiled or by its own library, which any model has."""
    shutil.copytree(directory, out)
    found = bundles.read(out)
    assert kind == "native" or found.kind == "onnx", found.why
    if kind == "native":
        bundles.write(out, msgspec.structs.replace(found, kind="native", compiled=None))
    with inprocess.running(out, msgspec.structs.replace(SETTINGS, connection_age_seconds=1e6)) as client:
        yield client


@pytest.fixture(scope="session")
def forest_server(serve: Serve) -> Iterator[Client]:
    """One server of a compiled forest for all tests that only ask."""
    with serve("forest") as client:
        yield client


@pytest.fixture(scope="session")
def mixed_server(serve: Serve) -> Iterator[Client]:
    """One server of a model with columns of several types."""
    with serve("mixed") as client:
        yield client


@pytest.fixture(scope="session", autouse=True)
def quiet() -> None:
    """MLflow's and uvicorn's own words are not what is tested here."""
    for name in ("mlflow", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


@pytest.fixture
def bundle_of(fetched: Callable[[str], Path]) -> Callable[[str], bundles.Bundle]:
    """What fetching found out about a model."""
    return lambda name: bundles.read(fetched(name))


__all__ = ["describe"]
