"""The small page of what decides about a release, and the family of durations that nothing judges."""

from __future__ import annotations

from collections import Counter

import pytest
from prometheus_client.parser import text_string_to_metric_families

from slipway_server.model.bundle import Bundle, Column, Signature
from slipway_server.observing.drift import Bins, Drift, Reference
from slipway_server.observing.metrics import CODES, PREDICTIONS, Metrics
from slipway_server.wire import requests_page
from tests.server.conftest import Serve
from tests.server.exposition import Codes, counted, timed
from tests.server.tables import split, tensor

V2 = "/v2/models/demo/infer"


def test_requests_of_many_rows_are_timed_in_a_family_of_their_own(serve: Serve) -> None:
    with serve("forest") as client:
        for rows in (1, 100, 101, 3000):
            assert client.predict(split(rows)).status == 200
            assert client.post(V2, tensor(rows)).status == 200
        assert client.predict(b"x" * 100_000).status == 400
        text = client.get("/metrics/requests").body
    assert timed(text, "request") == Counter({"invocations": 2, "v2": 2})
    assert timed(text, "bulk_request") == Counter({"invocations": 3, "v2": 2}), (
        "what is too large to tell is not judged"
    )
    assert counted(text) == Codes({("invocations", 200): 4, ("invocations", 400): 1, ("v2", 200): 4})


@pytest.mark.parametrize(("most", "apart"), [(5, 1), (0, 0)])
def test_how_many_rows_are_many_is_a_setting(serve: Serve, most: int, apart: int) -> None:
    with serve("forest", latency_max_rows=most) as client:
        for rows in (5, 6):
            assert client.predict(split(rows)).status == 200
        text = client.get("/metrics/requests").body
    assert timed(text, "bulk_request")["invocations"] == apart
    assert timed(text, "request")["invocations"] == 2 - apart


def test_every_answer_is_in_one_family_of_durations_and_one_alone(serve: Serve) -> None:
    with serve("boosted") as client:
        for body in (split(1), split(300), {}, b"x" * 100_000):
            client.predict(body)
        client.get("/nowhere")
        text = client.service.metrics.render()
    by_route: Counter[str] = Counter()
    for (route, _), number in counted(text).items():
        by_route[route] += number
    assert timed(text, "request") + timed(text, "bulk_request") == by_route


def wide(features: int) -> Drift:
    """The drift of a model with so many features."""
    columns = tuple(Column(f"feature {index}", "double") for index in range(features))
    bins = Bins((0.0, 1.0), (0.2, 0.3, 0.5))
    bundle = Bundle("sha256:0", "sklearn", "onnx", "", Signature(columns=columns), classes=("no", "yes"))
    return Drift(bundle, Reference({column.name: bins for column in columns}))


def test_the_page_that_decides_is_small_whatever_the_model() -> None:
    metrics = Metrics(0.137)
    metrics.model = wide(10_000)
    for route in PREDICTIONS:
        for code in CODES:
            metrics.answered(route, code, 1e-9)
    page = requests_page.page(metrics).body
    assert len(page) <= 20_000
    assert counted(page) == Codes({(route, code): 1 for route in PREDICTIONS for code in CODES})
    families = {family.name for family in text_string_to_metric_families(page.decode())}
    names = {"request_duration_seconds", "bulk_request_duration_seconds", "requests", "in_flight_requests"}
    assert families == {f"inference_{name}" for name in names}


def test_the_large_page_still_has_everything() -> None:
    metrics = Metrics(0.137)
    metrics.model = wide(3)
    assert set(requests_page.page(metrics).body.splitlines()) & set(metrics.render().splitlines())
    assert b'inference_feature_rows_total{bin="0",feature="feature 2"}' in metrics.render()
