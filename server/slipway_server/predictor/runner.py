"""Running predictions without holding up the event loop: bounded in number and in time."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from slipway_server.errors import RequestError
from slipway_server.predictor.inputs import Inputs


class Predictor(Protocol):
    """Answers checked inputs. `rowwise`: each row's answer stands alone, so that requests may share one call."""

    rowwise: bool

    def predict(self, inputs: Inputs) -> Any:
        """Return the answer. Raises `RequestError`, and whatever the model raises."""
        ...


class Runner(Protocol):
    """Runs predictions."""

    @property
    def stuck(self) -> int:
        """Predictions in a row that did not come back in time."""
        ...

    async def run(self, inputs: Inputs) -> Any:
        """Return the prediction. Raises `RequestError` 429 and 504, `ForeignError`."""
        ...

    def close(self) -> None:
        """Take no more work; do not wait for what runs."""
        ...


class Limits(msgspec.Struct, frozen=True):
    """How much may run: `threads` at once, `queue` waiting, `timeout` seconds each, `batch_rows` rows per call.

    `batch_rows` of 0: one request per call.
    """

    threads: int
    queue: int
    timeout: float
    batch_rows: int = 0


def overloaded(limit: int) -> RequestError:
    """429 with Retry-After: the queue is full, and waiting longer would only move the pain."""
    error = RequestError(429, "Too many requests", f"{limit} predictions are waiting already; try again in a second")
    error.headers = ((b"retry-after", b"1"),)
    return error


def too_slow(seconds: float) -> RequestError:
    """504: the model did not answer in time."""
    return RequestError(504, "The prediction took too long", f"the model did not answer within {seconds:g} s")
