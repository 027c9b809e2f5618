"""Predictions in threads: what queued while one call ran goes as the next, within bounds of number and time."""

from __future__ import annotations

import asyncio
import math
import threading
from time import monotonic
from typing import Any

import numpy as np
import pytest

from slipway_server.errors import RequestError
from slipway_server.foreign import ForeignError
from slipway_server.model.inputs import Inputs
from slipway_server.predictor.concurrency import threads_worth
from slipway_server.predictor.inline import InlineRunner, affordable_rows
from slipway_server.predictor.runner import Limits
from slipway_server.predictor.threads import ThreadRunner, Waiting


class Gated:
    """Doubles its input, when it is let through; refuses negative numbers."""

    def __init__(self, *, rowwise: bool = True) -> None:
        self.rowwise = rowwise
        self.gate = threading.Event()
        self.entered = threading.Event()
        self.calls: list[int] = []

    def predict(self, inputs: Inputs) -> Any:
        self.entered.set()
        assert self.gate.wait(10)
        self.calls.append(inputs.rows)
        assert inputs.matrix is not None
        if (inputs.matrix < 0).any():
            raise ValueError("negative")
        return inputs.matrix[:, 0] * 2


def of(*values: float) -> Inputs:
    """One row per value."""
    return Inputs(len(values), matrix=np.array(values).reshape(-1, 1))


async def _while_one_runs(runner: ThreadRunner, model: Gated, *later: Inputs) -> list[Any]:
    """Let one request in, queue the others behind it, then open the gate."""
    first = asyncio.create_task(runner.run(of(1)))
    await asyncio.to_thread(model.entered.wait, 10)
    rest = [asyncio.create_task(runner.run(inputs)) for inputs in later]
    await asyncio.sleep(0)
    model.gate.set()
    return await asyncio.gather(first, *rest, return_exceptions=True)


async def test_what_queued_goes_as_one_batch_and_everybody_gets_their_own_rows() -> None:
    model = Gated()
    batches: list[int] = []
    runner = ThreadRunner(model, Limits(1, 100, 10.0, batch_rows=100), batches.append)
    answers = await _while_one_runs(runner, model, of(2, 3), of(4), of(5, 6, 7))
    assert [answer.tolist() for answer in answers] == [[2], [4, 6], [8], [10, 12, 14]]
    assert model.calls == batches == [1, 6]
    assert runner.pending == 0
    runner.close()


async def test_a_batch_ends_before_it_grows_beyond_its_limit() -> None:
    model = Gated()
    runner = ThreadRunner(model, Limits(1, 100, 10.0, batch_rows=3))
    await _while_one_runs(runner, model, of(1, 2), of(3, 4), of(5))
    assert model.calls == [1, 2, 3]
    runner.close()


async def test_requests_with_other_params_do_not_share_a_call() -> None:
    model = Gated()
    runner = ThreadRunner(model, Limits(1, 100, 10.0, batch_rows=100))
    other = Inputs(1, matrix=np.ones((1, 1)), params={"predict_fn": "predict_proba"})
    await _while_one_runs(runner, model, of(1), other, of(1))
    assert model.calls == [1, 1, 1, 1]
    runner.close()


async def test_one_bad_request_does_not_spoil_the_batch() -> None:
    model = Gated()
    runner = ThreadRunner(model, Limits(1, 100, 10.0, batch_rows=100))
    _, good, bad = await _while_one_runs(runner, model, of(2), of(-1))
    assert good.tolist() == [4]
    assert isinstance(bad, ForeignError)
    assert bad.as_request_error().status == 400
    runner.close()


async def test_a_model_that_is_not_rowwise_gets_its_requests_one_by_one() -> None:
    model = Gated(rowwise=False)
    runner = ThreadRunner(model, Limits(1, 100, 10.0, batch_rows=100))
    await _while_one_runs(runner, model, of(2), of(3))
    assert model.calls == [1, 1, 1]
    runner.close()


async def test_past_the_queue_requests_are_refused_at_once() -> None:
    model = Gated()
    runner = ThreadRunner(model, Limits(1, 2, 10.0))
    answers = await _while_one_runs(runner, model, of(1), of(2), of(3))
    refused = [answer for answer in answers if isinstance(answer, RequestError)]
    assert [(error.status, error.headers) for error in refused] == [(429, ((b"retry-after", b"1"),))]
    runner.close()


async def test_a_prediction_that_takes_too_long_is_given_up_and_counted() -> None:
    model = Gated()
    runner = ThreadRunner(model, Limits(1, 2, 0.01))
    for stuck in (1, 2):
        with pytest.raises(RequestError) as caught:
            await runner.run(of(1))
        assert (caught.value.status, runner.stuck) == (504, stuck)
    assert runner.pending == 2, "what a stuck thread holds stays counted, so that its queue can't grow"
    model.gate.set()
    runner.limits = Limits(1, 2, 10.0)
    assert (await runner.run(of(3))).tolist() == [6]
    assert (runner.stuck, runner.pending) == (0, 0)
    assert model.calls == [1, 1], "nobody waits for the second any more, so it was not computed"
    runner.close()


async def test_a_request_that_others_kept_waiting_is_too_much_at_once_and_no_fault_of_the_model() -> None:
    model = Gated()
    runner = ThreadRunner(model, Limits(1, 9, 10.0))
    first = asyncio.create_task(runner.run(of(1)))
    await asyncio.to_thread(model.entered.wait, 10)
    runner.limits = Limits(1, 9, 0.01)
    runner.since[0] = math.inf  # the call that runs has its time left, however long this test takes
    with pytest.raises(RequestError) as caught:
        await runner.run(of(2))
    assert (caught.value.status, caught.value.apart) == (429, True)
    model.gate.set()
    await first
    runner.close()


async def test_what_a_request_waited_is_not_taken_off_the_time_that_the_model_has() -> None:
    model = Gated()
    runner = ThreadRunner(model, Limits(1, 9, 10.0))
    task = asyncio.create_task(runner.run(of(1)))
    await asyncio.to_thread(model.entered.wait, 10)
    waiting = Waiting(of(1), asyncio.get_running_loop().create_future(), taken=monotonic())
    runner.expire(waiting)
    assert not waiting.future.done()
    assert waiting.timer is not None
    waiting.timer.cancel()
    waiting.taken = monotonic() - 11
    runner.expire(waiting)
    error = waiting.future.exception()
    assert isinstance(error, RequestError)
    assert error.status == 504
    model.gate.set()
    await task
    runner.close()


async def test_behind_a_call_that_hangs_everybody_is_told_that_the_model_does_not_answer() -> None:
    model = Gated()
    runner = ThreadRunner(model, Limits(1, 9, 0.02))
    first = asyncio.create_task(runner.run(of(1)))
    await asyncio.to_thread(model.entered.wait, 10)
    answers = await asyncio.gather(first, *(runner.run(of(1)) for _ in range(3)), return_exceptions=True)
    assert [answer.status for answer in answers if isinstance(answer, RequestError)] == [504, 504, 504, 504]
    model.gate.set()
    runner.close()


async def test_a_bulk_request_that_takes_too_long_has_too_many_rows_and_those_behind_it_came_too_many_at_once() -> None:
    model = Gated()
    runner = ThreadRunner(model, Limits(1, 9, 0.02, bulk=True))
    first = asyncio.create_task(runner.run(of(1, 2, 3)))
    await asyncio.to_thread(model.entered.wait, 10)
    answers = await asyncio.gather(first, runner.run(of(1)), return_exceptions=True)
    assert [answer.status for answer in answers if isinstance(answer, RequestError)] == [413, 429]
    assert "3 rows" in str(answers[0])
    model.gate.set()
    runner.close()


async def test_small_requests_are_answered_on_the_spot_and_large_ones_elsewhere() -> None:
    model = Gated()
    model.gate.set()
    here: list[str] = []

    class Watched:
        rowwise = True

        def predict(self, inputs: Inputs) -> Any:
            here.append(threading.current_thread().name)
            return model.predict(inputs)

    behind = ThreadRunner(Watched(), Limits(1, 10, 10.0))
    runner = InlineRunner(Watched(), 2, behind)
    await runner.run(of(1, 2))
    await runner.run(of(1, 2, 3))
    assert here == [threading.current_thread().name, "predict-0"]
    runner.close()


def test_how_much_is_small_follows_from_the_models_own_speed() -> None:
    model = Gated()
    model.gate.set()
    assert affordable_rows(model, of(1, 2)) >= 1
    assert set(model.calls) == {256}


@pytest.mark.parametrize(
    ("computing", "threads"), [(1.0, 1), (0.7, 1), (0.5, 2), (0.1, 10), (0.01, 32), (0.0, 32)], ids=str
)
def test_a_model_gets_as_many_threads_as_it_leaves_time_for(computing: float, threads: int) -> None:
    model = Gated(rowwise=False)
    model.gate.set()
    seconds = iter(range(100))
    found = threads_worth(model, of(1), 32, wall=lambda: next(seconds), busy=lambda: len(model.calls) * computing)
    assert found == threads
