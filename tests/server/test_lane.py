"""The fast lane: requests of one turn share a call of the model, and each gets its own answer."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from slipway_server.model import bundle as bundles
from slipway_server.model.inputs import Inputs
from slipway_server.observing.drift import Drift, Reference
from slipway_server.observing.metrics import Metrics
from slipway_server.predictor.inline import InlineRunner
from slipway_server.predictor.runner import Limits
from slipway_server.predictor.threads import ThreadRunner
from slipway_server.protocols.answers import Answer
from slipway_server.protocols.select import reader_for
from slipway_server.serving.service import Model, Service
from slipway_server.wire.lane import Lane
from tests.server.client import Client
from tests.server.conftest import SETTINGS
from tests.server.wire import Raw

COLUMNS = (bundles.Column("a", "double"), bundles.Column("b", "double"))
BUNDLE = bundles.Bundle("sha256:0", "sklearn", "onnx", "", bundles.Signature(columns=COLUMNS))


class Sums:
    """Answers a row's sum times `factor`; refuses a batch with 13 in it."""

    rowwise = True

    def __init__(self, factor: float = 1.0) -> None:
        self.factor = factor
        self.calls: list[int] = []

    def predict(self, inputs: Inputs) -> NDArray[np.float64]:
        assert inputs.matrix is not None
        self.calls.append(inputs.rows)
        if (inputs.matrix == 13).any():
            raise ValueError("thirteen")
        result: NDArray[np.float64] = inputs.matrix.sum(axis=1) * self.factor
        return result


def model(predictor: Sums, rows: int) -> Model:
    """A compiled model that answers so many rows per turn."""
    behind = ThreadRunner(predictor, Limits(0, 1, 1.0))
    runner = InlineRunner(predictor, rows, behind)
    return Model(BUNDLE, reader_for(BUNDLE, SETTINGS), runner, Drift(BUNDLE, Reference()))


def lane(predictor: Sums, rows: int = 100, **settings: Any) -> Lane:
    """A lane of its own."""
    service = Service(msgspec.structs.replace(SETTINGS, **settings), Metrics(0.2))
    service.use(model(predictor, rows))
    return Lane(service)


def body(*rows: list[float]) -> bytes:
    """A request."""
    return json.dumps({"dataframe_split": {"columns": ["a", "b"], "data": rows}}).encode()


def said(answers: list[Answer]) -> list[Any]:
    """The predictions, or the status of what was refused."""
    return [json.loads(each.body)["predictions"] if each.status == 200 else each.status for each in answers]


async def turn() -> None:
    """Let the loop come round once."""
    await asyncio.sleep(0)


async def test_requests_of_one_turn_share_a_call_and_everybody_gets_their_own_rows() -> None:
    sums, answers = Sums(), list[Answer]()
    found = lane(sums)
    for rows in ([[1, 2]], [[3, 4], [5, 6]], [[7, 8]]):
        assert found.enter([], body(*rows), answers.append)
    assert answers == []
    await turn()
    assert said(answers) == [[3], [7, 11], [15]]
    assert sums.calls == [4]


async def test_one_that_does_not_fit_is_refused_alone() -> None:
    sums, answers = Sums(), list[Answer]()
    found = lane(sums)
    for each in (body([1, 2]), body([13, 1]), b'{"inputs": [[1]]}', body([3, 4])):
        assert found.enter([], each, answers.append)
    await turn()
    assert said(answers) == [400, [3], 400, [7]]


async def test_a_turn_costs_no_more_than_the_loop_can_spare() -> None:
    sums, answers = Sums(), list[Answer]()
    found = lane(sums, rows=2)
    for number in range(5):
        found.enter([], body([number, 0]), answers.append)
    await turn()
    assert said(answers) == [[0], [1]]
    await turn()
    await turn()
    assert (said(answers)[2:], sums.calls) == ([[2], [3], [4]], [2, 2, 1])


async def test_what_a_turn_cannot_hold_is_not_for_this_lane() -> None:
    found = lane(Sums(), rows=2)
    assert not found.enter([], body([1, 1], [1, 1], [1, 1]), lambda _: None)
    assert not found.enter([], b'{"inputs": [[1, 2]], "params": {"predict_fn": "predict"}}', lambda _: None)


async def test_past_the_queue_requests_are_refused_at_once() -> None:
    answers = list[Answer]()
    found = lane(Sums(), rows=1, max_queue=2)
    for _ in range(4):
        found.enter([], body([1, 1]), answers.append)
    assert [(each.status, each.headers) for each in answers] == [(429, ((b"retry-after", b"1"),))]
    found.flush()
    assert said(answers) == [429, [2], [2], [2]]


async def test_a_request_is_answered_by_the_model_that_read_it() -> None:
    answers = list[Answer]()
    found = lane(Sums())
    found.enter([], body([1, 2]), answers.append)
    found.service.use(model(Sums(10.0), 100))
    found.enter([], body([1, 2]), answers.append)
    found.flush()
    assert said(answers) == [[3], [30]]


def test_the_head_of_an_answer_follows_the_second_and_the_model() -> None:
    found = lane(Sums())
    ok = Answer(200, b"application/json", b"{}")
    first = found.written(ok, [(b"date", b"now")], close=False)
    assert b"x-model-version: 7\r\n" in first
    assert b"date: now\r\n" in first
    assert first.endswith(b"content-type: application/json\r\ncontent-length: 2\r\n\r\n{}")
    found.service.settings = msgspec.structs.replace(SETTINGS, model_version="8")
    found.service.use(model(Sums(), 1))
    second = found.written(ok, [(b"date", b"then")], close=True)
    assert b"x-model-version: 8\r\n" in second
    assert b"date: then\r\n" in second
    assert b"connection: close\r\n" in second


@pytest.mark.parametrize("rows", [1, 300])
def test_pipelined_predictions_are_answered_in_order(forest_server: Client, rows: int) -> None:
    names = ["a", "b c", "d", "e"]
    with Raw(forest_server.port) as raw:
        for value in (1.0, -1.0, 1.0):
            data = {"dataframe_split": {"columns": names, "data": [[value, value * 10, 0, 0]] * rows}}
            content = json.dumps(data).encode()
            head = b"POST /invocations HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(content)
            raw.socket.sendall(head + content)
        answers = [json.loads(raw.answer()[2])["predictions"] for _ in range(3)]
    assert [set(answer) for answer in answers] == [{1}, {0}, {1}]
    assert {len(answer) for answer in answers} == {rows}
