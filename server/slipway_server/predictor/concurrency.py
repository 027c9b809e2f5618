"""How many threads a model in Python code is worth: many when it waits for something, one when it computes."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter, thread_time

from slipway_server.model.inputs import Inputs
from slipway_server.predictor.runner import Predictor

Clock = Callable[[], float]


def threads_worth(
    predictor: Predictor, example: Inputs, most: int, *, wall: Clock = perf_counter, busy: Clock = thread_time
) -> int:
    """Between 1 and `most`, by the share of its time that the model computes on its own example.

    What computes holds the interpreter's lock: more threads than it leaves time for would only take it from each other.
    """
    share = max(_share(predictor, example, wall, busy) for _ in range(2))
    return max(1, min(most, round(1 / max(share, 1 / most))))


def _share(predictor: Predictor, example: Inputs, wall: Clock, busy: Clock) -> float:
    before = wall(), busy()
    predictor.predict(example)
    return (busy() - before[1]) / max(wall() - before[0], 1e-9)
