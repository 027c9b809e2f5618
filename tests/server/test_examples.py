"""Input examples as MLflow writes them, holes and all."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from slipway_server.errors import ModelError
from slipway_server.fetch.command import Order, fetch
from slipway_server.model import bundle as bundles
from slipway_server.model.mlmodel import describe
from tests.server.conftest import SETTINGS, Serve
from tests.server.direct import mlflows, slipways

Fetched = Callable[[str], Path]
SERVING = "serving_input_example.json"


def test_a_hole_that_mlflow_wrote_as_nan_is_null(saved: Fetched, fetched: Fetched) -> None:
    assert "NaN" in (saved("holed_forest") / SERVING).read_text(), "MLflow writes what is no JSON"
    example = bundles.read(fetched("holed_forest")).example
    assert example["dataframe_split"]["data"][0][0] is None
    assert slipways(fetched("holed_forest"))(example) == mlflows(saved("holed_forest"))(example)[1]


def test_a_model_with_holes_in_its_example_becomes_ready(serve: Serve) -> None:
    with serve("holed_forest") as client:
        example = client.get("/slipway/example")
        assert client.predict(example.body).status == 200


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("serving", [True, False], ids=["ready", "frame"])
def test_no_word_of_pythons_json_is_in_the_way(saved: Fetched, tmp_path: Path, word: str, serving: bool) -> None:
    model = _copied(saved, tmp_path)
    (model / SERVING).unlink()
    split = f'{{"columns": ["a", "b c", "d", "e"], "data": [[{word}, 1.0, 2.0, 3.0]]}}'
    if serving:
        (model / SERVING).write_text(f'{{"dataframe_split": {split}}}')
    else:
        (model / "input_example.json").write_text(split)
    assert describe(model).example["dataframe_split"]["data"] == [[None, 1.0, 2.0, 3.0]]


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[" * 100_000], ids=["cut off", "no UTF-8", "too deep"])
def test_an_example_that_cannot_be_read_is_named(saved: Fetched, tmp_path: Path, content: bytes) -> None:
    model = _copied(saved, tmp_path)
    (model / SERVING).write_bytes(content)
    with pytest.raises(ModelError, match="log the model again with an input_example") as caught:
        describe(model)
    assert str(model / SERVING) in caught.value.message
    assert caught.value.reason == "Invalid"


def test_the_report_says_so_too(saved: Fetched, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    model = _copied(saved, tmp_path)
    (model / SERVING).write_text("{")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert fetch(Order(str(model), tmp_path / "out"), SETTINGS) == 3
    assert SERVING in capfd.readouterr().err


def _copied(saved: Fetched, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved("forest"), tmp_path / "model"))
