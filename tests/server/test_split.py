"""Which requests share what: a lane for very many rows, and a call for those that ask for the same."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

from slipway_server.errors import RequestError
from slipway_server.model.inputs import Inputs
from slipway_server.predictor.runner import Limits
from slipway_server.predictor.split import SplitRunner
from slipway_server.predictor.threads import ThreadRunner
from tests.server.test_threads import Gated, of


def of_columns(**columns: list[float]) -> Inputs:
    """One row per value, by column."""
    arrays = {name: np.array(values) for name, values in columns.items()}
    return Inputs(len(next(iter(columns.values()))), columns=arrays)


async def test_very_many_rows_have_a_lane_of_their_own_with_its_own_queue() -> None:
    ordinary, bulk = Gated(), Gated()
    ordinary.gate.set()
    lanes = ThreadRunner(ordinary, Limits(1, 9, 9.0)), ThreadRunner(bulk, Limits(1, 1, 9.0, bulk=True))
    runner = SplitRunner(*lanes, most=2)
    tasks = [asyncio.create_task(runner.run(of(1, 2, 3))) for _ in range(3)]
    assert (await runner.run(of(1, 2))).tolist() == [2, 4], "answered while the other lane stands"
    bulk.gate.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, RequestError)]
    assert [(error.status, error.headers) for error in refused] == [(429, ((b"retry-after", b"1"),))]
    assert (ordinary.calls, bulk.calls) == ([2], [3, 3])
    runner.close()


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({}, {}, True),
        ({"predict_fn": "predict_proba"}, {"predict_fn": "predict_proba"}, True),
        ({"predict_fn": "predict_proba"}, {}, False),
        ({"predict_fn": []}, {"predict_fn": []}, False),
        ({"x": 1}, {"x": 1}, False),
    ],
)
def test_requests_that_ask_for_the_same_may_share_a_call(one: Any, other: Any, expected: bool) -> None:
    parts = [Inputs(1, matrix=np.ones((1, 1)), params=params) for params in (one, other)]
    assert parts[0].joins(parts[1]) is expected


async def test_params_nested_as_deeply_as_can_be_and_columns_left_out_end_no_thread() -> None:
    nested: Any = []
    for _ in range(900):
        nested = [nested]

    class Columns(Gated):
        def predict(self, inputs: Inputs) -> Any:
            assert self.gate.wait(10)
            self.entered.set()
            return np.zeros(inputs.rows)

    model = Columns()
    runner = ThreadRunner(model, Limits(1, 100, 10.0, batch_rows=100))
    deep = [Inputs(1, columns={"a": np.ones(1)}, params={"x": nested}) for _ in range(2)]
    tasks = [asyncio.create_task(runner.run(each)) for each in (of_columns(a=[1]), *deep, of_columns(a=[1], b=[1]))]
    await asyncio.sleep(0)
    model.gate.set()
    assert [answer.tolist() for answer in await asyncio.gather(*tasks)] == [[0]] * 4
    runner.close()
