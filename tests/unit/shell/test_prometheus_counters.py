"""Counters from Prometheus: what it says, what it does not say, and when it says nothing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from slipway.metrics.prometheus import PrometheusCounters, parsed, query
from slipway.metrics.source import Target
from slipway.plan.observed import Counters

POD = Target("demo", "cancer-r2-abc", "10.0.0.1")


def series(name: str, value: Any, pod: str = POD.pod, **labels: str) -> dict[str, Any]:
    """One series with two samples, the second of which counts."""
    return {"metric": {"__name__": name, "pod": pod, **labels}, "values": [[0, "0"], [1, str(value)]]}


def whole(pod: str = POD.pod, **labels: str) -> list[dict[str, Any]]:
    """A pod that answered 100 requests, 5 of them slowly and 4 with an error."""
    return [
        series("inference_requests_total", 96, pod, route="invocations", code="200", **labels),
        series("inference_requests_total", 4, pod, route="invocations", code="503", **labels),
        series("inference_request_duration_seconds_count", 100, pod, route="invocations", **labels),
        series("inference_request_duration_seconds_bucket", 95, pod, route="invocations", le="0.2", **labels),
        series("inference_in_flight_requests", 2, pod, **labels),
    ]


def answer(*result: dict[str, Any]) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": "matrix", "result": list(result)}}


def test_every_pod_has_its_own_counters() -> None:
    found = parsed(answer(*whole(), *whole("other")), 0.2)
    assert found == {POD.pod: Counters(100, 5, 4, 2), "other": Counters(100, 5, 4, 2)}


def test_a_pod_that_is_scraped_twice_is_counted_once() -> None:
    assert parsed(answer(*whole(job="a"), *whole(job="b")), 0.2) == {POD.pod: Counters(100, 5, 4, 2)}


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-1"])
def test_a_pod_with_a_number_that_is_none_is_as_good_as_unread(value: str) -> None:
    spoilt = series("inference_requests_total", value, route="v2", code="200")
    assert parsed(answer(spoilt, *whole(), *whole("other")), 0.2) == {"other": Counters(100, 5, 4, 2)}


def test_one_of_two_scrapes_that_is_not_a_number_spoils_the_pod() -> None:
    spoilt = series("inference_requests_total", "NaN", route="invocations", code="200", job="b")
    assert parsed(answer(*whole(job="a"), spoilt), 0.2) == {}
    assert parsed(answer(spoilt, *whole(job="a")), 0.2) == {}


def test_nothing_is_no_data_and_a_pod_without_the_objectives_bucket_is_none_either() -> None:
    assert parsed(answer(), 0.2) == {}
    assert parsed(answer(*whole()), 0.3) == {}


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
        parsed(nonsense, 0.2)


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
        yield server, PrometheusCounters(session, f"http://127.0.0.1:{port}/", 0.3)
    await runner.cleanup()


async def test_an_answer_is_counters_of_the_pods_that_were_asked_for(
    prometheus: tuple[Server, PrometheusCounters],
) -> None:
    server, source = prometheus
    server.body = answer(*whole(), *whole("stranger"))
    assert await source.read([POD], 0.2) == {POD.pod: Counters(100, 5, 4, 2)}
    assert await source.read([], 0.2) == {}


@pytest.mark.parametrize("trouble", ["slow", "refuses", "nonsense", "down"])
async def test_trouble_is_no_data_and_over_when_it_is_over(
    prometheus: tuple[Server, PrometheusCounters], trouble: str
) -> None:
    server, source = prometheus
    if trouble == "slow":
        server.delay.clear()
    elif trouble == "refuses":
        server.status = 503
    elif trouble == "nonsense":
        server.body = {"status": "success"}
    else:
        source._url = "http://127.0.0.1:1/api/v1/query"
    assert await source.read([POD], 0.2) == {}
    server.delay.set()
    if trouble != "down":
        server.status, server.body = 200, answer(*whole())
        assert await source.read([POD], 0.2) == {POD.pod: Counters(100, 5, 4, 2)}
