"""Clients that others wrote work unchanged: Triton's for the Open Inference Protocol, and MLflow's own."""

from __future__ import annotations

import warnings
from typing import Any

import mlflow.deployments
import numpy as np
import pandas as pd
import pytest
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException

from tests.server.client import Client
from tests.server.conftest import Serve

NAMES = ["a", "b c", "d", "e"]
ROWS = np.array([[1.0, 2.0, 3.0, 4.0], [-1.0, -20.0, 3.0, 4.0]])


def triton(client: Client) -> InferenceServerClient:
    """Triton's client for this server."""
    return InferenceServerClient(f"127.0.0.1:{client.port}")


def mlflow_client(client: Client) -> Any:
    """The client of MLflow's own scoring server."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow.pyfunc.scoring_server.client import ScoringServerClient
    return ScoringServerClient("127.0.0.1", client.port)


def given(name: str, values: Any, kind: str, *, binary: bool) -> InferInput:
    """One tensor, as bytes or as JSON."""
    array = np.asarray(values)
    found = InferInput(name, list(array.shape), kind)
    found.set_data_from_numpy(array, binary_data=binary)
    return found


def test_triton_finds_server_and_model(forest_server: Client) -> None:
    with triton(forest_server) as client:
        assert client.is_server_live()
        assert client.is_server_ready()
        assert client.is_model_ready("demo")
        assert client.is_model_ready("demo", "7")
        assert not client.is_model_ready("other")
        assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
        about = client.get_model_metadata("demo")
        assert (about["name"], about["versions"]) == ("demo", ["7"])
        assert {each["name"] for each in about["inputs"]} == set(NAMES)


@pytest.mark.parametrize("asks_in_bytes", [True, False])
@pytest.mark.parametrize("answers_in_bytes", [True, False])
def test_triton_infers(forest_server: Client, asks_in_bytes: bool, answers_in_bytes: bool) -> None:
    expected = forest_server.predict({"inputs": ROWS.tolist(), "params": {"predict_fn": "predict_proba"}}).json
    outputs = [InferRequestedOutput(name, binary_data=answers_in_bytes) for name in ("predict", "predict_proba")]
    with triton(forest_server) as client:
        inputs = [given("input", ROWS, "FP64", binary=asks_in_bytes)]
        reply = client.infer("demo", inputs, outputs=outputs, request_id="42", model_version="7")
        assert reply.get_response()["id"] == "42"
        assert reply.as_numpy("predict").tolist() == [1, 0]
        np.testing.assert_allclose(reply.as_numpy("predict_proba"), expected["predictions"], rtol=1e-6)


def test_triton_infers_without_naming_outputs_and_compressed(forest_server: Client) -> None:
    inputs = [given(name, ROWS[:, index], "FP64", binary=True) for index, name in enumerate(NAMES)]
    with triton(forest_server) as client:
        for packed in (None, "gzip", "deflate"):
            reply = client.infer("demo", inputs, request_compression_algorithm=packed)
            assert reply.as_numpy("predict").tolist() == [1, 0]


def test_triton_sends_and_receives_words(mixed_server: Client) -> None:
    with triton(mixed_server) as client:
        inputs = [
            given("age", [20.0, 70.0], "FP64", binary=True),
            given("rooms", [2, 3], "INT64", binary=True),
            given("city", np.array(["Köln", "Ulm"], dtype=object), "BYTES", binary=True),
            given("member", [True, False], "BOOL", binary=True),
        ]
        words = client.infer("demo", inputs).as_numpy("predict")
    assert {word.decode() for word in words} <= {"yes", "no"}


def test_triton_hears_what_was_wrong(forest_server: Client) -> None:
    with triton(forest_server) as client:
        with pytest.raises(InferenceServerException, match="'e' missing"):
            client.infer("demo", [given(name, [1.0], "FP64", binary=False) for name in NAMES[:3]])
        with pytest.raises(InferenceServerException, match="other"):
            client.infer("other", [given("input", ROWS, "FP64", binary=True)])


def test_triton_overlaps_requests(forest_server: Client) -> None:
    with InferenceServerClient(f"127.0.0.1:{forest_server.port}", concurrency=4) as client:
        inputs = [given("input", ROWS, "FP64", binary=True)]
        waiting = [client.async_infer("demo", inputs) for _ in range(8)]
        assert [each.get_result().as_numpy("predict").tolist() for each in waiting] == [[1, 0]] * 8


def test_mlflows_scoring_client(serve: Serve) -> None:
    with serve("forest") as server:
        client = mlflow_client(server)
        client.wait_server_ready()
        assert client.get_version()
        for data in (pd.DataFrame(ROWS, columns=NAMES), ROWS, list(ROWS)):
            assert client.invoke(data)["predictions"] == [1, 0]
        chosen = client.invoke(ROWS, params={"predict_fn": "predict_proba"}).get_predictions(dtype="float32")
        assert chosen.shape == (2, 2)
        with pytest.raises(Exception, match="'e' missing"):
            client.invoke(pd.DataFrame(ROWS[:, :3], columns=NAMES[:3]))


def test_mlflows_deployments_client_reads_what_we_answer(forest_server: Client) -> None:
    body = forest_server.predict({"inputs": ROWS.tolist()}).body.decode()
    answer = mlflow.deployments.PredictionsResponse.from_json(body)
    assert answer.get_predictions("ndarray").tolist() == [1, 0]
    assert answer.get_predictions().iloc[:, 0].tolist() == [1, 0]
