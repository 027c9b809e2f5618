"""What Prometheus reads, and drift without one row kept."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slipway_server.model.bundle import Bundle, Column, Signature
from slipway_server.model.inputs import Inputs
from slipway_server.observing.drift import ANSWER_ROWS, SAMPLE_ROWS, Bins, Drift, Reference, reference
from slipway_server.observing.metrics import Metrics, buckets
from tests.server.client import Client
from tests.server.conftest import Serve

ROW = [0.5, 1.0, -3.0, 0.01]


def samples(text: bytes) -> dict[str, float]:
    """Every sample of an exposition."""
    lines = [line for line in text.decode().splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_the_objective_is_a_bucket_of_its_own() -> None:
    assert 0.137 in buckets(0.137)
    assert list(buckets(0.2)).count(0.2) == 1
    assert sorted(buckets(0.137)) == list(buckets(0.137))


def test_answers_are_counted_by_route_and_code_and_timed(serve: Serve) -> None:
    with serve("forest") as client:
        for body in ({"inputs": [ROW]}, {"inputs": [ROW, ROW]}, {}):
            client.predict(body)
        client.post("/v2/models/demo/infer", {})
        found = samples(client.get("/metrics").body)
    assert found['inference_requests_total{code="200",route="invocations"}'] == 2
    assert found['inference_requests_total{code="400",route="invocations"}'] == 1
    assert found['inference_requests_total{code="400",route="v2"}'] == 1
    assert found['inference_requests_total{code="500",route="invocations"}'] == 0, "a rate needs a 0 to rise from"
    assert found['inference_request_duration_seconds_count{route="invocations"}'] == 3
    assert found['inference_request_duration_seconds_bucket{le="+Inf",route="invocations"}'] == 3
    assert found["inference_in_flight_requests"] == 0


def test_the_model_is_described(forest_server: Client, bundle_of: Callable[[str], Bundle]) -> None:
    text = forest_server.get("/metrics").body.decode()
    line = next(line for line in text.splitlines() if line.startswith("inference_model_info{"))
    labels = dict(re.findall(r'(\w+)="([^"]*)"', line))
    assert labels == {
        "model_name": "demo",
        "model_version": "7",
        "revision": "demo-abc",
        "digest": bundle_of("forest").digest,
        "flavor": "sklearn",
        "kind": "onnx",
    }


def test_calls_of_a_native_model_are_counted_with_their_rows(serve: Serve) -> None:
    with serve("boosted") as client:
        client.predict({"inputs": [ROW, ROW]})
        found = samples(client.get("/metrics").body)
    assert found["inference_batch_rows_sum"] >= 2


def test_values_and_labels_are_counted_into_the_bins_that_training_logged(serve: Serve) -> None:
    with serve("forest") as client:
        client.predict({"inputs": [[value, 0, 0, 0] for value in (-2.0, -1.0, -0.5, 0.5, 7.0)]})
        found = samples(client.get("/metrics").body)
    counted = [found[f'inference_feature_rows_total{{bin="{index}",feature="a"}}'] for index in range(4)]
    assert counted == [2, 1, 1, 1]
    assert found['inference_feature_reference_share{bin="1",feature="a"}'] == 0.4
    assert sum(found[f'inference_predictions_total{{label="{label}"}}'] for label in (0, 1)) == 5


def _drift(workers: int = 1, edges: tuple[float, ...] = (0.0, 1.0)) -> Drift:
    columns = (Column("a", "double"), Column("b", "double"))
    bundle = Bundle("sha256:0", "sklearn", "onnx", "", Signature(columns=columns), classes=("no", "yes"))
    return Drift(bundle, Reference({"a": Bins(edges, (0.2, 0.3, 0.5))}), workers)


def _counts(drift: Drift) -> dict[str, float]:
    return {
        "/".join(sample.labels.values()): sample.value
        for family in drift.collect()
        for sample in family.samples
        if sample.name.endswith("_total") and sample.value
    }


def test_an_edge_belongs_to_the_bin_below_it_and_missing_values_are_counted_apart() -> None:
    drift = _drift()
    rows = np.array([[0.0, 9], [0.5, 9], [1.0, 9], [1.5, 9], [np.nan, 9]])
    drift.seen(Inputs(5, matrix=rows), np.array(["no", "no", "yes", "maybe", "no"]))
    assert _counts(drift) == {"a/0": 1, "a/1": 2, "a/2": 1, "a/missing": 1, "no": 3, "yes": 1, "other": 1}


def test_edges_out_of_order_never_count_down() -> None:
    drift = _drift(edges=(1.0, 0.0))
    drift.seen(Inputs(2, matrix=np.array([[0.5, 9], [0.5, 9]])), np.array(["no", "no"]))
    assert _counts(drift) == {"a/1": 2, "no": 2}


def _one_row(drift: Drift) -> None:
    drift.seen(Inputs(1, matrix=np.zeros((1, 2))), np.array([[0.3, 0.7]]))


def test_answers_are_all_counted_many_at_once_and_then_forgotten() -> None:
    drift = _drift()
    for _ in range(2 * ANSWER_ROWS):
        _one_row(drift)
    assert (drift.answers, drift.answered) == ([], 0)
    assert _counts(drift)["6"] == 2 * ANSWER_ROWS


def test_of_the_features_a_sample_is_counted_and_after_each_look_another() -> None:
    drift = _drift()
    for look in (1, 2):
        for _ in range(SAMPLE_ROWS + 9):
            _one_row(drift)
        assert _counts(drift)["a/0"] == look * SAMPLE_ROWS


def test_of_columns_the_same_sample_is_counted() -> None:
    drift = _drift()
    for _ in range(SAMPLE_ROWS + 9):
        drift.seen(Inputs(1, columns={"a": np.zeros(1), "b": np.zeros(1)}), np.array([[0.3, 0.7]]))
    assert _counts(drift) == {"a/0": SAMPLE_ROWS, "6": SAMPLE_ROWS + 9}


def test_of_a_large_request_every_so_many_rows_are_counted_and_the_rest_is_not_kept() -> None:
    drift = _drift()
    drift.seen(Inputs(10_000, matrix=np.zeros((10_000, 2))), np.zeros(10_000, dtype=object))
    assert _counts(drift)["a/0"] == 250
    drift.seen(Inputs(10_000, columns={"a": np.zeros(10_000), "b": np.zeros(10_000)}), np.zeros(10_000))
    assert drift.columns[0]["a"].base is None
    assert _counts(drift)["a/0"] == 500


@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"features": 7}'])
def test_a_reference_that_cannot_be_read_is_none(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "reference.json").write_bytes(content)
    assert reference(tmp_path).features == {}


def test_the_example_models_reference_is_understood(saved: Callable[[str], Path]) -> None:
    assert reference(saved("forest")).features["a"].edges == (-1.0, 0.0, 1.0)


def _in_a_child(work: Callable[[], Any]) -> None:
    pid = os.fork()
    if pid == 0:
        work()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_whichever_worker_is_asked_answers_for_all() -> None:
    metrics = Metrics(0.2, workers=2)

    def second() -> None:
        metrics.be(1)
        metrics.answered("invocations", 200, 0.01)
        metrics.flying(1.0)

    metrics.answered("invocations", 200, 0.01)
    _in_a_child(second)
    found = samples(metrics.render())
    assert found['inference_requests_total{code="200",route="invocations"}'] == 2
    assert found["inference_in_flight_requests"] == 1
    _in_a_child(lambda: metrics.be(1))
    assert samples(metrics.render())["inference_in_flight_requests"] == 0, "a new worker has nothing in flight"


def test_a_code_that_nobody_foresaw_is_counted_as_one_of_its_kind() -> None:
    metrics = Metrics(0.2)
    for code in (418, 302, 599):
        metrics.answered("invocations", code, 0.01)
    found = samples(metrics.render())
    assert found['inference_requests_total{code="400",route="invocations"}'] == 1
    assert found['inference_requests_total{code="500",route="invocations"}'] == 2
