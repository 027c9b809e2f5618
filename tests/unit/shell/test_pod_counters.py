"""Counters from a pod: which page it is asked for, how much of it is read, and what is said where that is no use."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web

from slipway.metrics import pods
from slipway.metrics.pods import MIB, PAGE, SMALL_PAGE, PodCounters, counted
from slipway.metrics.source import PodReading, Target
from slipway.plan.situation.observed import Counters
from slipway_contract import paths

PAGE_TEXT = """
# TYPE inference_requests_total counter
inference_requests_total{route="invocations",code="200"} 90
inference_requests_total{route="invocations",code="400"} 6
inference_requests_total{route="invocations",code="500"} 3
inference_requests_total{route="invocations",code="504"} 1
inference_requests_total{route="v2",code="200"} 0
inference_requests_total{route="v2",code="500"} 0
inference_requests_total{route="v2",code="504"} 0
# TYPE inference_request_duration_seconds histogram
inference_request_duration_seconds_bucket{route="invocations",le="0.1"} 70
inference_request_duration_seconds_bucket{route="invocations",le="0.2"} 95
inference_request_duration_seconds_bucket{route="invocations",le="+Inf"} 100
inference_request_duration_seconds_count{route="invocations"} 100
inference_request_duration_seconds_sum{route="invocations"} 9
inference_request_duration_seconds_bucket{route="v2",le="0.1"} 0
inference_request_duration_seconds_bucket{route="v2",le="0.2"} 0
inference_request_duration_seconds_bucket{route="v2",le="+Inf"} 0
inference_request_duration_seconds_count{route="v2"} 0
inference_request_duration_seconds_sum{route="v2"} 0
"""
BULK_TEXT = """
inference_bulk_request_duration_seconds_bucket{route="invocations",le="0.2"} 0
inference_bulk_request_duration_seconds_count{route="invocations"} 0
inference_bulk_request_duration_seconds_bucket{route="v2",le="0.2"} 0
inference_bulk_request_duration_seconds_count{route="v2"} 40
"""
NEWEST = PAGE_TEXT.replace('{route="v2",code="200"} 0', '{route="v2",code="200"} 40') + BULK_TEXT
"""What a server of today shows: it times 40 requests of very many rows apart."""
OLDEST = """
inference_requests_total{code="200",route="invocations"} 90.0
inference_requests_total{code="500",route="invocations"} 0.0
inference_requests_total{code="503",route="invocations"} 4.0
inference_requests_total{code="504",route="invocations"} 0.0
inference_requests_total{code="200",route="v2"} 0.0
inference_requests_total{code="500",route="v2"} 0.0
inference_requests_total{code="503",route="v2"} 0.0
inference_requests_total{code="504",route="v2"} 0.0
inference_requests_total{code="200",route="probe"} 7.0
inference_requests_total{code="503",route="probe"} 2.0
inference_request_duration_seconds_bucket{le="0.1",route="invocations"} 70.0
inference_request_duration_seconds_bucket{le="0.2",route="invocations"} 89.0
inference_request_duration_seconds_bucket{le="+Inf",route="invocations"} 94.0
inference_request_duration_seconds_count{route="invocations"} 94.0
inference_request_duration_seconds_bucket{le="0.1",route="v2"} 0.0
inference_request_duration_seconds_bucket{le="0.2",route="v2"} 0.0
inference_request_duration_seconds_bucket{le="+Inf",route="v2"} 0.0
inference_request_duration_seconds_count{route="v2"} 0.0
inference_request_duration_seconds_bucket{le="0.2",route="probe"} 9.0
inference_request_duration_seconds_count{route="probe"} 9.0
inference_batch_rows_count 90.0
inference_in_flight_requests 1.0
"""
"""What a server of 0.1.0 shows: 503 from the start, and one family of durations for all requests."""


def without(text: str, *parts: str) -> str:
    """The page without the lines that have all these parts, as a relabeling drops them."""
    return "\n".join(line for line in text.splitlines() if not all(part in line for part in parts))


def test_slow_and_failed_requests_are_told_apart_and_bad_requests_are_nobodys_fault() -> None:
    assert counted(PAGE_TEXT, 0.2) == Counters(requests=100, slow=5, errors=4)


def test_without_a_bucket_at_the_objective_a_pod_is_as_good_as_unread() -> None:
    with pytest.raises(ValueError, match=r"ends at 0\.123 s"):
        counted(PAGE_TEXT, 0.123)


def test_a_page_without_a_counter_says_nothing_rather_than_that_all_is_well() -> None:
    with pytest.raises(ValueError, match="no series inference_requests_total"):
        counted("", 0.2)


@pytest.mark.parametrize("route", ["invocations", "v2"])
@pytest.mark.parametrize("code", ["200", "500", "504"])
def test_a_counter_that_is_there_from_the_start_is_never_taken_for_zero(route: str, code: str) -> None:
    said = f'no series inference_requests_total{{route="{route}",code="{code}"}}: how many requests failed is not known'
    with pytest.raises(ValueError, match=re.escape(said)):
        counted(without(NEWEST, "requests_total", f'route="{route}"', f'code="{code}"'), 0.2)


@pytest.mark.parametrize("route", ["invocations", "v2"])
def test_requests_without_durations_cannot_be_judged(route: str) -> None:
    said = f'no series inference_request_duration_seconds_count{{route="{route}"}}: requests without durations'
    with pytest.raises(ValueError, match=re.escape(said)):
        counted(without(NEWEST, "inference_request_duration", f'route="{route}"'), 0.2)
    with pytest.raises(ValueError, match=re.escape(said)):
        counted(without(NEWEST, "inference_request_duration_seconds_count", f'route="{route}"'), 0.2)


@pytest.mark.parametrize("family", ["inference_request", "inference_bulk_request"])
def test_durations_without_requests_cannot_be_judged(family: str) -> None:
    alone = (
        f'{family}_duration_seconds_count{{route="v3"}} 5\n{family}_duration_seconds_bucket{{route="v3",le="0.2"}} 5'
    )
    with pytest.raises(ValueError, match=r'no series inference_requests_total\{route="v3"\}: durations without'):
        counted(f"{NEWEST}\n{alone}", 0.2)


def test_a_bucket_without_its_count_leaves_open_what_was_slow() -> None:
    with pytest.raises(ValueError, match=r'duration_seconds_count\{route="v3"\}: how many requests were slow'):
        counted(f'{NEWEST}\ninference_request_duration_seconds_bucket{{route="v3",le="0.2"}} 5', 0.2)


@pytest.mark.parametrize(
    ("series", "label"),
    [
        ("inference_requests_total", "code"),
        ("inference_requests_total", "route"),
        ("inference_request_duration_seconds_count", "route"),
        ("inference_request_duration_seconds_bucket", "route"),
        ("inference_request_duration_seconds_bucket", "le"),
        ("inference_bulk_request_duration_seconds_count", "route"),
    ],
)
def test_a_label_that_was_dropped_is_named(series: str, label: str) -> None:
    lines = (re.sub(f',?{label}="[^"]*"', "", x) if x.startswith(series) else x for x in NEWEST.splitlines())
    with pytest.raises(ValueError, match=f"{series} without the label {label}: what it counts is not known"):
        counted("\n".join(lines).replace("{,", "{"), 0.2)


def test_codes_that_were_put_together_in_classes_are_no_codes() -> None:
    with pytest.raises(ValueError, match='code="200"'):
        counted(re.sub(r'code="(\d)\d\d"', r'code="\1xx"', NEWEST), 0.2)


@pytest.mark.parametrize(
    ("bound", "value", "said"),
    [
        ("0.2", 101, "with 100 requests in all and 101 of them faster"),
        ("0.1", 96, "with 95 requests within 0.2 s and 96 of them faster"),
    ],
)
def test_a_bucket_that_holds_more_than_it_can_is_a_broken_histogram(bound: str, value: int, said: str) -> None:
    bucket = f'inference_request_duration_seconds_bucket{{route="invocations",le="{bound}"}}'
    broken = re.sub(f"{re.escape(bucket)} .*", f"{bucket} {value}", without(NEWEST, 'le="+Inf"'))
    with pytest.raises(ValueError, match=said):
        counted(broken, 0.2)


def test_requests_of_very_many_rows_are_counted_and_not_timed() -> None:
    found = counted(NEWEST, 0.2)
    assert found == Counters(requests=140, slow=5, errors=4, timed=100)
    assert found.by_latency == 100


def test_refusals_whose_counters_were_dropped_are_still_requests() -> None:
    assert counted(without(NEWEST, 'code="400"'), 0.2) == counted(NEWEST, 0.2)
    refused = NEWEST.replace('count{route="v2"} 40', 'count{route="v2"} 43')
    assert counted(refused, 0.2) == Counters(requests=143, slow=5, errors=4, timed=100)


def test_the_durations_of_many_rows_are_there_for_all_routes_or_for_none() -> None:
    said = r'no series inference_bulk_request_duration_seconds_count\{route="invocations"\}: how many requests there'
    with pytest.raises(ValueError, match=said):
        counted(without(NEWEST, "bulk", 'route="invocations"'), 0.2)


def test_the_page_of_the_first_release_is_still_read() -> None:
    assert counted(OLDEST, 0.2) == Counters(requests=94, slow=5, errors=4, in_flight=1)


def test_nonsense_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"."):
        counted('inference_requests_total{code="200"} many', 0.2)


def features(number: int) -> str:
    """The page of a model whose drift is measured on so many features."""
    lines = (f'drift_bin_total{{feature="feature_{n}",bin="{b}"}} 1000.0' for n in range(number) for b in range(20))
    return "\n".join((*lines, PAGE_TEXT))


@dataclass
class Server:
    """A pod that answers as told, in one go or slowly."""

    pages: dict[str, str] = field(default_factory=dict)
    status: int = 200
    slowly: bool = False
    silent: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[str] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        if self.silent.is_set():
            await asyncio.Event().wait()
        if self.status != 200:
            return web.Response(status=self.status, headers={"Location": "/elsewhere"})
        if request.path not in self.pages:
            return web.Response(status=404)
        body = self.pages[request.path].encode()
        if not self.slowly:
            return web.Response(body=body)
        response = web.StreamResponse()
        await response.prepare(request)
        for start in range(0, len(body), 8192):
            await response.write(body[start : start + 8192])
            await asyncio.sleep(0)
        return response


POD = Target("demo", "cancer-r2-abc", "127.0.0.1", started="2026-01-01T00:00:00Z")
WHOLE = Counters(100, 5, 4, started=POD.started)


@pytest.fixture
async def pod(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Server, PodCounters]]:
    server, app = Server({SMALL_PAGE: PAGE_TEXT}), web.Application()
    app.router.add_get("/{path:.*}", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    monkeypatch.setattr(paths, "PORT", runner.addresses[0][1])
    monkeypatch.setattr(pods, "TIMEOUT_SECONDS", 30.0)
    async with aiohttp.ClientSession() as session:
        yield server, PodCounters(session)
    await runner.cleanup()


async def reading(source: PodCounters) -> PodReading:
    return (await source.read([POD], 0.2))[POD.pod]


async def test_the_small_page_is_enough(pod: tuple[Server, PodCounters]) -> None:
    server, source = pod
    assert await reading(source) == WHOLE
    assert server.asked == [SMALL_PAGE]


@pytest.mark.parametrize("slowly", [False, True], ids=["at once", "slowly"])
@pytest.mark.parametrize("number", [1, 50, 100, 500])
async def test_an_older_servers_page_is_read_to_its_end_however_many_features_it_has(
    pod: tuple[Server, PodCounters], number: int, slowly: bool
) -> None:
    server, source = pod
    server.pages, server.slowly = {PAGE: features(number)}, slowly
    assert await reading(source) == WHOLE
    assert server.asked == [SMALL_PAGE, PAGE]


async def test_a_page_that_is_too_large_is_named_with_what_to_do(pod: tuple[Server, PodCounters]) -> None:
    server, source = pod
    server.pages = {PAGE: features(1) + "\n" + "#" * (4 * MIB)}
    assert await reading(source) == (
        "has a page /metrics that is larger than 4 MiB; serve it with a newer server image, which has "
        "/metrics/requests, or measure drift on fewer features"
    )
    server.pages = {SMALL_PAGE: "#" * (MIB + 1)}
    assert await reading(source) == (
        "has a page /metrics/requests that is larger than 1 MiB; is its image a Slipway server?"
    )


async def test_why_a_pod_cannot_be_read_is_said_in_words(
    pod: tuple[Server, PodCounters], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, source = pod
    server.pages = {}
    assert await reading(source) == "has no page /metrics: is its image a Slipway server?"
    for status in (302, 403, 500):
        server.status = status
        assert await reading(source) == (
            f"answers /metrics/requests with HTTP {status}; see kubectl logs cancer-r2-abc"
        )
    server.status, server.pages = 200, {SMALL_PAGE: 'inference_requests_total{code="200"} many'}
    assert str(await reading(source)).startswith("shows counters that cannot be used: ")
    server.silent.set()
    monkeypatch.setattr(pods, "TIMEOUT_SECONDS", 0.05)
    assert await reading(source) == "did not answer within 0.05 s; see kubectl logs cancer-r2-abc"


async def test_a_pod_without_a_server_refuses(pod: tuple[Server, PodCounters], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "PORT", 1)
    assert await reading(pod[1]) == "refused the connection; see kubectl logs cancer-r2-abc"
