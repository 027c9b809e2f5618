"""The smoke gate's Job against a real server on this machine."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from slipway.api.gates.verdict import GateResult, Verdict
from slipway.gates.job import MAX_BYTES, read
from slipway.jobs import answers, boundary, smoke
from slipway.jobs.environment import Endpoint, Environment, JobError
from slipway.jobs.load import Answer, Load, send
from slipway.jobs.payload import example

EXAMPLE = {"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2.5], [3, 4]]}}


class Model:
    """A served model whose parts each test bends."""

    def __init__(self) -> None:
        self.ready = 200
        self.revision: str | None = "m-r2"
        """What says that it is in its answers; None for what is no server of ours."""
        self.example: Any = EXAMPLE
        self.answer: Callable[[list[list[float]]], Any] = lambda rows: {"predictions": [sum(row) for row in rows]}
        self.status = 200
        self.stuck: asyncio.Event | None = None
        self.breaks = False
        self.seen: list[Any] = []

    async def invocations(self, request: web.Request) -> web.Response:
        body = await request.json()
        if self.stuck:
            await self.stuck.wait()
        if self.breaks and request.transport:
            request.transport.abort()
        self.seen.append(body)
        text = json.dumps(self.answer(body["dataframe_split"]["data"]))
        return web.Response(text=text, status=self.status, headers=self.headers, content_type="application/json")

    async def readyz(self, _: web.Request) -> web.Response:
        return web.Response(status=self.ready, headers=self.headers)

    @property
    def headers(self) -> dict[str, str]:
        return {"X-Slipway-Revision": self.revision} if self.revision else {}

    async def own_example(self, _: web.Request) -> web.Response:
        return web.json_response(self.example) if self.example is not None else web.Response(status=404)


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
async def url(model: Model) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/readyz", model.readyz)
    app.router.add_get("/slipway/example", model.own_example)
    app.router.add_post("/invocations", model.invocations)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url("")).rstrip("/")


def environment(url: str, requests_file: Path | None = None, revision: str = "m-r2", **gate: Any) -> Environment:
    spec = {"p95": "2s", "requests": 60, "rate": 1000, "warmUp": 4, **gate}
    return Environment("smoke", json.dumps(spec), Endpoint(url, "2", revision, "sha256:0"), None, requests_file)


async def verdict(url: str, **how: Any) -> GateResult:
    return await smoke.gate(environment(url, **how))


async def test_a_good_model_passes_on_its_own_example(model: Model, url: str) -> None:
    result = await verdict(url)
    assert (result.verdict, result.n) == (Verdict.PASS, 60)
    assert len(model.seen) == 64
    assert [request["dataframe_split"]["data"] for request in model.seen[:2]] == [[[1, 2.5]], [[3, 4]]]


async def test_batches_repeat_the_examples_rows(model: Model, url: str) -> None:
    result = await verdict(url, batch={"rows": 5, "requests": 59, "rate": 1000, "p95": "2s"})
    assert (result.verdict, result.details["batch"]["n"]) == (Verdict.PASS, 59)
    assert model.seen[-1]["dataframe_split"]["data"] == [[1, 2.5], [3, 4], [1, 2.5], [3, 4], [1, 2.5]]


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (lambda rows: {"predictions": [float("nan")]}, "a prediction is nan"),
        (lambda rows: {"predictions": [[0.1, float("inf")]]}, "a prediction is inf"),
        (lambda rows: {"predictions": [None]}, "a prediction is null"),
        (lambda rows: {"predictions": []}, "0 predictions for 1 rows"),
        (lambda rows: {"answer": 1}, "the answer has no list of predictions"),
    ],
)
async def test_a_wrong_answer_with_status_200_counts_as_an_error(
    model: Model, url: str, answer: Callable[..., Any], fault: str
) -> None:
    model.answer = answer
    result = await verdict(url)
    assert result.verdict is Verdict.FAIL
    assert result.details["faults"] == {fault: 60}


async def test_a_request_that_was_given_up_is_told_from_one_whose_connection_broke(model: Model, url: str) -> None:
    body = json.dumps(EXAMPLE).encode()
    model.stuck = asyncio.Event()
    (given_up,) = answers.shots(await send(Load(f"{url}/invocations", (body,), 1, 100, give_up=0.05)), [2], "m-r2")
    assert (given_up.fault, given_up.answered, given_up.given_up) == ("no answer within 0.05 s", False, True)
    model.stuck, model.breaks = None, True
    (broken,) = answers.shots(await send(Load(f"{url}/invocations", (body,), 1, 100, give_up=5)), [2], "m-r2")
    assert (broken.answered, broken.given_up) == (False, False)
    assert str(broken.fault).startswith("connection broken")


async def test_the_same_input_must_give_the_same_answer(model: Model, url: str) -> None:
    model.answer = lambda rows: {"predictions": [len(model.seen)]}
    result = await verdict(url)
    assert list(result.details["faults"]) == ["a different response to the same input"]


async def test_an_error_status_counts(model: Model, url: str) -> None:
    model.status = 503
    assert (await verdict(url)).details["faults"] == {"status 503": 60}


async def test_answers_of_another_revision_do_not_count(model: Model, url: str) -> None:
    def answer(rows: list[list[float]]) -> Any:
        model.revision = "m-r3"
        return {"predictions": [sum(row) for row in rows]}

    model.answer = answer
    assert (await verdict(url)).details["faults"] == {"answered by revision m-r3": 60}


@pytest.mark.parametrize(("revision", "who"), [(None, "no revision"), ("m-r3", "m-r3")])
async def test_what_answers_in_the_candidates_place_is_no_verdict_on_it(
    model: Model, url: str, monkeypatch: pytest.MonkeyPatch, revision: str | None, who: str
) -> None:
    monkeypatch.setattr("slipway.jobs.target.PATIENCE", 0.0)
    model.ready, model.revision = 404, revision
    with pytest.raises(JobError, match=f"answered 404, but not from m-r2: {who} answered"):
        await verdict(url)


async def test_an_unready_model_fails(model: Model, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("slipway.jobs.target.PATIENCE", 0.0)
    model.ready = 503
    result = await verdict(url)
    assert result.verdict is Verdict.FAIL
    assert "answered 503, not 200" in result.message


async def test_a_model_without_an_example_needs_requests_from_a_config_map(
    model: Model, url: str, tmp_path: Path
) -> None:
    model.example = None
    with pytest.raises(JobError, match="no input example"):
        await verdict(url)
    given = tmp_path / "requests.jsonl"
    given.write_text(json.dumps({"dataframe_split": {"columns": ["a", "b"], "data": [[7, 8]]}}) + "\n\n")
    assert (await verdict(url, requests_file=given)).verdict is Verdict.PASS
    assert model.seen[0]["dataframe_split"]["data"] == [[7, 8]]


async def test_a_load_that_cannot_end_in_time_is_an_error(url: str) -> None:
    with pytest.raises(JobError, match="no verdict after 50ms, its timeout"):
        await verdict(url, rate=10, timeout="50ms")


async def test_an_unreachable_model_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("slipway.jobs.target.PATIENCE", 0.0)
    with pytest.raises(JobError, match="cannot be reached"):
        await verdict("http://127.0.0.1:9")


async def test_requests_leave_on_schedule_and_answers_come_back_in_its_order(url: str) -> None:
    bodies = tuple(example(EXAMPLE).single())
    sent = await send(Load(f"{url}/invocations", bodies, 10, 500, 5))
    assert [answer.index for answer in sent] == [0, 1] * 5
    assert all(answer.latency >= answer.lag >= 0 for answer in sent)


def test_whatever_happens_a_verdict_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_: Environment) -> GateResult:
        raise ZeroDivisionError("oops")

    written = tmp_path / "termination-log"
    monkeypatch.setenv("SLIPWAY_TERMINATION_LOG", str(written))
    monkeypatch.setenv("SLIPWAY_GATE_NAME", "smoke")
    assert boundary.main(broken) == 0
    assert "SLIPWAY_GATE is missing" in read("smoke", written.read_text(), 0, None).message
    monkeypatch.setenv("SLIPWAY_GATE", "{}")
    monkeypatch.setenv("SLIPWAY_CANDIDATE_URL", "http://127.0.0.1:9")
    assert boundary.main(broken) == 0
    result = read("smoke", written.read_text(), 0, None)
    assert (result.verdict, "ZeroDivisionError: oops" in result.message) == (Verdict.ERROR, True)


def test_a_verdict_always_fits_the_termination_message() -> None:
    details = {str(n): "ä" * 500 for n in range(20)}
    for message in ("m", "ü" * 1024):
        written = boundary.encode(GateResult(name="g", verdict=Verdict.FAIL, message=message, details=details))
        assert len(written) <= MAX_BYTES
        assert read("g", written.decode(), 0, None).verdict is Verdict.FAIL


def test_a_silent_difference_within_rounding_is_the_same_answer() -> None:
    sent = [Answer(0, 0.1, 0, 200, None, json.dumps({"predictions": [value]}).encode()) for value in (0.3, 0.3 + 1e-12)]
    assert [shot.fault for shot in answers.shots(sent, [1], "m-r2")] == [None, None]
