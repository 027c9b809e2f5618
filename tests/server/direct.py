"""Asking without a server: what reads a request and what answers it, put together by hand."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from slipway_server.errors import RequestError
from slipway_server.foreign import foreign
from slipway_server.model import bundle as bundles
from slipway_server.predictor import native, onnx
from slipway_server.predictor.accountable import Accountable, knows_more
from slipway_server.protocols import answer
from slipway_server.protocols.select import read, reader_for
from tests.server.conftest import SETTINGS


@cache
def slipways(directory: Path, *, compiled: bool = False) -> Callable[[Any], Any]:
    """What a prepared model answers to a body, of which a text is CSV. Raises `RequestError`, `ForeignError`."""
    found = bundles.read(directory)
    if not compiled:
        found = msgspec.structs.replace(found, kind="native", compiled=None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        predictor: Any = onnx.build(directory, found) if compiled else native.build(directory, found, SETTINGS)
    if knows_more(found):
        predictor = Accountable(predictor, None)
    reader = reader_for(found, SETTINGS)

    def ask(body: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            told = foreign(predictor.predict, read(reader, [(b"content-type", _kind(body).encode())], _sent(body)))
            return json.loads(answer.encode(told))["predictions"]

    return ask


@cache
def mlflows(directory: Path) -> Callable[[Any], tuple[int, Any]]:
    """What MLflow's own scoring server answers to a body: the status and, where that is 200, the predictions."""
    import mlflow.pyfunc
    from mlflow.exceptions import MlflowException
    from mlflow.pyfunc.scoring_server import invocations

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = mlflow.pyfunc.load_model(str(directory))

    def ask(body: Any) -> tuple[int, Any]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                told = invocations(_sent(body), _kind(body), model, model.metadata.get_input_schema())
        except MlflowException as error:
            return error.get_http_status_code(), None
        return told.status, json.loads(told.response)["predictions"]

    return ask


def _kind(body: Any) -> str:
    return "text/csv" if isinstance(body, str) else "application/json"


def _sent(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def refused(ask: Callable[[Any], Any], body: Any) -> str:
    """Why a body was refused with 400."""
    with pytest.raises(RequestError) as caught:
        ask(body)
    assert caught.value.status == 400
    return caught.value.detail
