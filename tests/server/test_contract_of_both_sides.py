"""What the operator and the server agree on, held from both sides: what one writes, the other reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from slipway.gates.inline.signature import parse
from slipway.jobs.payload import FORMATS as JOBS_FORMATS
from slipway.metrics.pods import counted
from slipway.plan.attempt.fetching import FetchReport
from slipway_contract import environment, fetching, headers, mlmodel, paths, series
from slipway_server.errors import ModelError
from slipway_server.fetch import report
from slipway_server.model.mlmodel import describe
from slipway_server.observing.metrics import Metrics
from slipway_server.protocols.reader import FORMATS as SERVER_FORMATS
from slipway_server.settings import Settings, from_environment
from slipway_server.wire.requests_page import page
from tests.server.client import Client
from tests.server.conftest import Serve

COLUMNS = [{"type": "double", "name": "a", "required": True}, {"type": "string", "name": "b", "required": False}]


def test_every_variable_that_the_operator_may_set_is_one_that_the_server_reads() -> None:
    read = {field.encode_name for field in msgspec.structs.fields(Settings)}
    assert set(environment.SERVING) <= read
    assert from_environment({environment.LATENCY_MAX_ROWS: "7"}).latency_max_rows == 7


def test_the_operator_counts_what_the_server_shows() -> None:
    metrics = Metrics(0.2)
    metrics.answered("invocations", 200, 0.01)
    metrics.answered("v2", 500, 0.9)
    metrics.answered("probe", 200, 0.01)
    read = counted(page(metrics).body.decode(), 0.2)
    assert (read.requests, read.slow, read.errors) == (2, 1, 1)
    assert {series.REQUESTS, series.DURATION, series.BULK_DURATION} <= {
        line.split()[2].removesuffix("_total") for line in page(metrics).body.decode().splitlines() if "# TYPE" in line
    }


@pytest.mark.parametrize("path", [paths.METRICS, paths.REQUESTS])
def test_the_operator_reads_a_server_that_answered_nothing_yet(serve: Serve, path: str) -> None:
    with serve("ridge", latency_threshold_seconds=0.137) as client:
        read = counted(client.get(path).body.decode(), 0.137)
    assert (read.requests, read.slow, read.errors, read.timed) == (0, 0, 0, None)


@pytest.mark.parametrize("render", [Metrics.render, lambda metrics: page(metrics).body], ids=["large", "small"])
def test_the_operator_reads_several_workers_as_one_from_the_first_second(render: Callable[[Metrics], bytes]) -> None:
    metrics = Metrics(0.2, workers=3)
    assert counted(render(metrics).decode(), 0.2).requests == 0
    for worker, code in enumerate((200, 429, 504)):
        metrics.be(worker)
        metrics.answered("v2", code, 0.9)
        metrics.answered("invocations", code, 0.9, apart=True)
    read = counted(render(metrics).decode(), 0.2)
    assert (read.requests, read.slow, read.errors, read.timed) == (6, 3, 2, 3)


@pytest.mark.parametrize("reason", fetching.REASONS)
def test_the_operator_reads_why_fetching_failed(reason: Any) -> None:
    written = report.encode(report.failure(ModelError(reason, "it is not there", retryable=True)))
    read = FetchReport.model_validate(json.loads(written))
    assert (read.ok, read.reason, read.message, read.retryable) == (False, reason, "it is not there", True)
    assert set(fetching.FAILURE) <= set(json.loads(written))


def test_a_report_fits_a_termination_message_whatever_the_proof_says() -> None:
    found = {"ok": True, "digest": "sha256:0", "why": "y" * 3000, "proof": {"rows": "x" * 9000}}
    written = report.encode(found)
    assert len(written) <= fetching.MOST_BYTES
    assert FetchReport.model_validate(json.loads(written)).digest == "sha256:0"


def test_answers_carry_the_headers_that_gates_look_at(forest_server: Client) -> None:
    answer = forest_server.get(paths.EXAMPLE)
    assert answer.status == 200
    assert {headers.MODEL_VERSION.lower(), headers.REVISION.lower()} <= {name.lower() for name in answer.headers}


@pytest.mark.parametrize("path", [paths.METRICS, paths.REQUESTS, paths.READY, paths.ALIVE])
def test_the_server_has_the_paths_that_the_operator_asks(forest_server: Client, path: str) -> None:
    assert forest_server.get(path).status == 200


def test_both_speak_of_the_same_formats() -> None:
    assert JOBS_FORMATS is SERVER_FORMATS


def test_both_read_the_same_columns_of_a_signature(tmp_path: Any) -> None:
    section = {"inputs": json.dumps(COLUMNS), "outputs": json.dumps([{"type": "double"}])}
    flavors = {"python_function": {"loader_module": "mlflow.sklearn"}, "sklearn": {}}
    (tmp_path / "MLmodel").write_text(json.dumps({"flavors": flavors, "signature": section}))
    served, judged = describe(tmp_path).signature, parse(section)
    assert [(c.name, c.type, c.required) for c in served.columns] == [
        (c.name, c.type, not c.optional) for c in judged.inputs
    ]


@pytest.mark.parametrize("text", ["{", '"a"', "[1]", "[" * 9000])
def test_both_refuse_what_is_no_list_of_columns(text: str) -> None:
    with pytest.raises(mlmodel.SignatureError, match="the signature's inputs are not"):
        mlmodel.side({"inputs": text}, "inputs")
