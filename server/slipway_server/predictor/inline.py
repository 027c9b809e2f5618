"""Predictions on the event loop itself: for compiled models, whose answer costs less than a change of threads."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from slipway_server.foreign import foreign
from slipway_server.model.inputs import Inputs
from slipway_server.predictor.runner import Predictor
from slipway_server.predictor.threads import ThreadRunner

BUDGET_SECONDS = 0.002


class InlineRunner:
    """Answers up to `rows` rows at once; more go to `behind`, so that probes are never kept waiting."""

    def __init__(self, predictor: Predictor, rows: int, behind: ThreadRunner) -> None:
        self.predict = predictor.predict
        self.rows = rows
        self.behind = behind

    @property
    def stuck(self) -> int:
        """See `Runner`."""
        return self.behind.stuck

    def at_once(self, inputs: Inputs) -> Any:
        """The answer, on the spot. Raises `RequestError`, `ForeignError`."""
        return foreign(self.predict, inputs)

    async def run(self, inputs: Inputs) -> Any:
        """See `Runner`."""
        if inputs.rows <= self.rows:
            return self.at_once(inputs)
        return await self.behind.run(inputs)

    def close(self) -> None:
        """See `Runner`."""
        self.behind.close()


def affordable_rows(predictor: Predictor, example: Inputs, *, tries: int = 3) -> int:
    """How many rows the model answers within `BUDGET_SECONDS`, judged by a batch of the example's rows."""
    batch = example.repeated(-(-256 // example.rows))
    seconds = min(_timed(predictor, batch) for _ in range(tries))
    return max(1, int(BUDGET_SECONDS * batch.rows / max(seconds, 1e-9)))


def _timed(predictor: Predictor, inputs: Inputs) -> float:
    started = perf_counter()
    predictor.predict(inputs)
    return perf_counter() - started
