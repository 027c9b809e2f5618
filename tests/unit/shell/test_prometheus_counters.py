"""Counters from Prometheus: what it says, what it does not say, and when it says nothing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from slipway.metrics.matrix import parsed
from slipway.metrics.prometheus import PrometheusCounters, query
from slipway.metrics.source import Target
from slipway.plan.situation.observed import Counters

POD, OTHER = Target("demo", "cancer-r2-abc", "10.0.0.1"), Target("demo", "other", "10.0.0.2")
WHOLE = Counters(100, 5, 4, 2).from_afar(None)
UNSCRAPED = "was not scraped by Prometheus in the last 60 s; look at Prometheus' list of targets"
CHECK = "; check the metric relabelings of what scrapes it"


def series(name: str, value: Any, pod: str = POD.pod, **labels: str) -> dict[str, Any]:
    """One series with two samples, the second of which counts."""
    return {"metric": {"__name__": name, "pod": pod, **labels}, "values": [[0, "0"], [1, str(value)]]}


def route(name: str, codes: tuple[int, ...], timed: tuple[int, int], pod: str, **labels: str) -> list[dict[str, Any]]:
    """One route's series: answers of 200, 500 and 504, and how many of them were fast, and how many were timed."""
    by_code = zip(("200", "500", "504"), codes, strict=True)
    return [
        *(series("inference_requests_total", n, pod, route=name, code=code, **labels) for code, n in by_code),
        series("inference_request_duration_seconds_bucket", timed[0], pod, route=name, le="0.2", **labels),
        series("inference_request_duration_seconds_count", timed[1], pod, route=name, **labels),
    ]


def whole(pod: str = POD.pod, **labels: str) -> list[dict[str, Any]]:
    """A pod that answered 100 requests, 5 of them slowly and 4 with an error."""
    return [
        *route("invocations", (96, 3, 1), (95, 100), pod, **labels),
        *route("v2", (0, 0, 0), (0, 0), pod, **labels),
        series("inference_in_flight_requests", 2, pod, **labels),
    ]


def answer(*result: dict[str, Any]) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": "matrix", "result": list(result)}}


def test_every_pod_has_its_own_counters() -> None:
    found = parsed(answer(*whole(), *whole("other"), *whole("stranger")), [POD, OTHER], 0.2)
    assert found == {POD.pod: WHOLE, "other": WHOLE}


def test_a_pod_that_is_scraped_twice_is_counted_once() -> None:
    assert parsed(answer(*whole(job="a"), *whole(job="b")), [POD], 0.2) == {POD.pod: WHOLE}


def test_of_two_scrapes_the_newer_one_counts_in_all_its_series() -> None:
    late = [{**each, "values": [[5, value]]} for each in whole(job="b") for _, value in each["values"][-1:]]
    early = series("inference_requests_total", 90, route="invocations", code="200", job="a")
    assert parsed(answer(*late, early), [POD], 0.2) == {POD.pod: WHOLE}


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-1"])
def test_a_pod_with_a_number_that_is_none_is_as_good_as_unread(value: str) -> None:
    spoilt = series("inference_requests_total", value, route="v2", code="400")
    found = parsed(answer(spoilt, *whole(), *whole("other")), [POD, OTHER], 0.2)
    assert found == {POD.pod: f"has in Prometheus inference_requests_total is {float(value)}{CHECK}", "other": WHOLE}


def test_one_of_two_scrapes_that_is_not_a_number_spoils_the_pod() -> None:
    spoilt = series("inference_requests_total", "NaN", route="invocations", code="200", job="b")
    for order in ((*whole(job="a"), spoilt), (spoilt, *whole(job="a"))):
        assert isinstance(parsed(answer(*order), [POD], 0.2)[POD.pod], str)


def test_nothing_is_no_data_and_a_pod_without_the_objectives_bucket_is_none_either() -> None:
    assert parsed(answer(), [POD], 0.2) == {POD.pod: UNSCRAPED}
    said = "has in Prometheus no bucket of inference_request_duration_seconds_bucket that ends at 0.3 s"
    assert parsed(answer(*whole()), [POD], 0.3) == {POD.pod: said + CHECK}


@pytest.mark.parametrize(
    ("dropped", "said"),
    [
        (
            "inference_request_duration_seconds_count",
            'no series inference_request_duration_seconds_count{route="invocations"}: '
            "requests without durations cannot be judged",
        ),
        ("inference_requests_total", "no series inference_requests_total: how many requests failed is not known"),
        (
            "inference_request_duration_seconds_bucket",
            "no bucket of inference_request_duration_seconds_bucket that ends at 0.2 s",
        ),
    ],
)
def test_a_series_that_does_not_arrive_is_no_good_news_and_is_named(dropped: str, said: str) -> None:
    kept = [each for each in whole() if each["metric"]["__name__"] != dropped]
    assert parsed(answer(*kept), [POD], 0.2) == {POD.pod: f"has in Prometheus {said}{CHECK}"}


def native(buckets: list[list[Any]], count: int = 100) -> list[dict[str, Any]]:
    """What Prometheus 3.5.0 answers where it stores the classic histogram as a native one (captured from it)."""
    labels = {"__name__": "inference_request_duration_seconds", "pod": POD.pod}
    older = [0, {"count": "0", "sum": "0"}]
    newer = [1, {"count": str(count), "sum": "9", "buckets": buckets}]
    histograms = [
        {"metric": {**labels, "route": "invocations"}, "histograms": [older, newer]},
        {"metric": {**labels, "route": "v2"}, "histograms": [older, [1, older[1]]]},
    ]
    return [each for each in whole() if "duration" not in each["metric"]["__name__"]] + histograms


CUSTOM = [[3, "-Inf", "0.1", "70"], [0, "0.1", "0.2", "25"], [0, "0.2", "1", "5"]]


def test_a_histogram_that_prometheus_made_native_is_read_by_the_bounds_that_the_server_gave_it() -> None:
    assert parsed(answer(*native(CUSTOM)), [POD], 0.2) == {POD.pod: WHOLE}


def test_a_histogram_that_arrives_in_both_forms_is_counted_once() -> None:
    both = [*whole(), *native(CUSTOM)]
    assert parsed(answer(*both), [POD], 0.2) == {POD.pod: WHOLE}
    second = [[3, "-Inf", "0.1", "70"], [0, "0.1", "1", "25"], [0, "1", "2.5", "5"]]
    classic = series("inference_request_duration_seconds_bucket", 95, route="invocations", le="1.0")
    assert parsed(answer(*native(second), classic), [POD], 1.0) == {POD.pod: WHOLE}


def test_a_native_bucket_across_the_objective_leaves_open_what_is_slow() -> None:
    across = [[0, "0.0884", "0.125", "70"], [0, "0.177", "0.25", "30"]]
    assert "that ends at 0.2 s" in str(parsed(answer(*native(across)), [POD], 0.2)[POD.pod])


def test_a_native_histogram_that_timed_nothing_has_no_buckets() -> None:
    found = parsed(
        answer(*[{**e, "histograms": e["histograms"][:1]} if "histograms" in e else e for e in native([])]), [POD], 0.2
    )
    assert found == {POD.pod: Counters(100, 0, 4, 2, timed=0).from_afar(None)}


def test_samples_of_the_process_before_the_restart_say_nothing_of_the_present_one() -> None:
    restarted = Target("demo", POD.pod, POD.ip, started="1970-01-01T00:01:00Z", restarts=1)
    assert parsed(answer(*whole()), [restarted], 0.2) == {
        POD.pod: "was not scraped by Prometheus since its server was restarted; look at Prometheus' list of targets"
    }
    late = [{**each, "values": [each["values"][-1], [70, each["values"][-1][1]]]} for each in whole()]
    assert parsed(answer(*late), [restarted], 0.2) == {POD.pod: WHOLE.from_afar(restarted.started)}


def test_a_series_of_one_code_that_a_relabeling_dropped_is_named() -> None:
    kept = [each for each in whole() if each["metric"].get("code") != "504"]
    said = 'no series inference_requests_total{route="invocations",code="504"}: how many requests failed is not known'
    assert parsed(answer(*kept), [POD], 0.2) == {POD.pod: f"has in Prometheus {said}{CHECK}"}


@pytest.mark.parametrize("label", ["route", "code"])
def test_a_label_that_a_relabeling_dropped_is_named(label: str) -> None:
    bare = [{**e, "metric": {name: v for name, v in e["metric"].items() if name != label}} for e in whole()]
    said = f"inference_requests_total without the label {label}: what it counts is not known"
    assert parsed(answer(*bare), [POD], 0.2) == {POD.pod: f"has in Prometheus {said}{CHECK}"}


def test_requests_of_many_rows_are_counted_in_either_form_of_histogram() -> None:
    name = "inference_bulk_request_duration_seconds"
    refused = [series(f"{name}_count", n, route=r) for r, n in (("invocations", 7), ("v2", 0))]
    counted = Counters(107, 5, 4, 2, timed=100).from_afar(None)
    assert parsed(answer(*whole(), *refused), [POD], 0.2) == {POD.pod: counted}
    asnative = [
        {"metric": {**e["metric"], "__name__": name}, "histograms": [[1, {"count": e["values"][-1][1], "sum": "9"}]]}
        for e in refused
    ]
    assert parsed(answer(*native(CUSTOM), *asnative), [POD], 0.2) == {POD.pod: counted}
    asked = re.search(r'__name__=~"([^"]*)"', query([POD], 0.2))
    assert asked is not None
    assert {name, f"{name}_count"} <= set(asked.group(1).split("|"))


@pytest.mark.parametrize(
    "nonsense",
    [
        {},
        [],
        {"status": "error", "error": "query timed out"},
        {"status": "success", "data": {"resultType": "vector", "result": []}},
        {"status": "success", "data": {"resultType": "matrix", "result": [{"metric": {}, "values": []}]}},
    ],
)
def test_a_malformed_answer_is_an_error(nonsense: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        parsed(nonsense, [POD], 0.2)


def test_the_query_asks_for_raw_samples_of_these_pods_and_no_rates() -> None:
    text = query([POD, Target("demo", "a.b", "10.0.0.2")], 1.0)
    assert text.endswith("[60s]")
    assert "rate" not in text
    assert 'pod=~"cancer\\\\-r2\\\\-abc|a\\\\.b"' in text
    bounds = re.search(r'le=~"([^"]*)"', text)
    assert bounds is not None
    assert all(re.fullmatch(bounds.group(1).replace("\\\\", "\\"), le) for le in ("", "1", "1.0"))


class Server:
    """A Prometheus that answers as told."""

    def __init__(self) -> None:
        self.body: Any = answer(*whole())
        self.status = 200
        self.delay = asyncio.Event()
        self.delay.set()

    async def handle(self, request: web.Request) -> web.Response:
        assert "query" in await request.post()
        await self.delay.wait()
        return web.json_response(self.body, status=self.status)


@pytest.fixture
async def prometheus() -> AsyncIterator[tuple[Server, PrometheusCounters]]:
    server, app = Server(), web.Application()
    app.router.add_post("/api/v1/query", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    async with aiohttp.ClientSession() as session:
        yield server, PrometheusCounters(session, f"http://127.0.0.1:{port}/", 30.0)
    await runner.cleanup()


async def test_an_answer_is_counters_of_the_pods_that_were_asked_for(
    prometheus: tuple[Server, PrometheusCounters],
) -> None:
    server, source = prometheus
    server.body = answer(*whole(), *whole("stranger"))
    assert await source.read([POD], 0.2) == {POD.pod: WHOLE}
    assert await source.read([], 0.2) == {}


async def test_an_answer_about_very_many_pods_is_read_to_its_end(
    prometheus: tuple[Server, PrometheusCounters],
) -> None:
    server, source = prometheus
    server.body = answer(*(line for number in range(800) for line in whole(f"pod-{number}")), *whole())
    assert await source.read([POD], 0.2) == {POD.pod: WHOLE}


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("slow", "did not answer within 0.05 s"),
        ("refuses", "answered with HTTP 403"),
        ("nonsense", "gave a malformed answer: KeyError('data')"),
        ("down", "refused the connection"),
    ],
)
async def test_trouble_is_said_in_words_and_over_when_it_is_over(
    prometheus: tuple[Server, PrometheusCounters], trouble: str, said: str
) -> None:
    server, source = prometheus
    if trouble == "slow":
        server.delay.clear()
        source._timeout_seconds = 0.05
    elif trouble == "refuses":
        server.status = 403
    elif trouble == "nonsense":
        server.body = {"status": "success"}
    else:
        source._url = "http://127.0.0.1:1/api/v1/query"
    assert await source.read([POD], 0.2) == {POD.pod: f"is not read: Prometheus {said}; check prometheus.url"}
    server.delay.set()
    source._timeout_seconds = 30.0
    if trouble != "down":
        server.status, server.body = 200, answer(*whole())
        assert await source.read([POD], 0.2) == {POD.pod: WHOLE}
