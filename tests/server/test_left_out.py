"""A column that may be left out is null where it is, in every form of a request alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from slipway_server.errors import RequestError
from slipway_server.model.bundle import Bundle
from slipway_server.predictor import native, onnx
from slipway_server.protocols.select import read, reader_for
from tests.server.conftest import SETTINGS
from tests.server.models import prepare_saved
from tests.server.test_missing import forest

FORMS: list[tuple[str, Any]] = [
    ("application/json", {"dataframe_split": {"columns": ["city"], "data": [["Ulm"], ["Bonn"]]}}),
    ("application/json", {"dataframe_records": [{"city": "Ulm"}, {"city": "Bonn"}]}),
    ("application/json", {"instances": [{"city": "Ulm"}, {"city": "Bonn"}]}),
    ("application/json", {"inputs": [{"city": "Ulm"}, {"city": "Bonn"}]}),
    ("application/json", {"inputs": {"city": ["Ulm", "Bonn"]}}),
    ("text/csv", "city\nUlm\nBonn\n"),
]


def body_of(kind: str, form: Any) -> tuple[list[tuple[bytes, bytes]], bytes]:
    content = form if isinstance(form, str) else json.dumps(form)
    return [(b"content-type", kind.encode())], content.encode()


@pytest.mark.parametrize(("kind", "form"), FORMS)
def test_an_optional_column_may_be_left_out_of_every_form_of_a_request(
    learnt_forest: tuple[Path, Bundle], kind: str, form: Any
) -> None:
    directory, compiled = learnt_forest
    for bundle in (compiled, msgspec.structs.replace(compiled, kind="native", compiled=None)):
        reader = reader_for(bundle, SETTINGS)
        served = onnx.build(directory, bundle) if bundle.kind == "onnx" else native.build(directory, bundle, SETTINGS)
        assert np.asarray(served.predict(read(reader, *body_of(kind, form)))).tolist() == [1, 1]
        tensors = {"city": np.array(["Ulm", "Bonn"], dtype=object)}
        assert np.asarray(served.predict(reader.accept(tensors))).tolist() == [1, 1]


@pytest.mark.parametrize(("kind", "form"), FORMS)
def test_a_column_that_is_answered_for_no_null_is_left_out_of_no_form(
    learnt_forest: tuple[Path, Bundle], kind: str, form: Any
) -> None:
    strict = msgspec.structs.replace(learnt_forest[1], missing=())
    with pytest.raises(RequestError, match="age") as refused:
        read(reader_for(strict, SETTINGS), *body_of(kind, form))
    assert refused.value.status == 400


@pytest.fixture(scope="module")
def learnt_forest(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Bundle]:
    """A compiled forest whose optional age was often missing in training, which always meant class 1."""
    directory = tmp_path_factory.mktemp("learnt") / "m"
    bundle = prepare_saved(*forest(), directory)
    assert (bundle.kind, bundle.missing) == ("onnx", ("age",)), bundle.why
    return directory, bundle
