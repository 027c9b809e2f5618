"""Running predictions without holding up the event loop: bounded in number and in time."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from slipway_server.errors import RequestError
from slipway_server.model.inputs import Inputs


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
        """Return the prediction. Raises `RequestError` 413, 429 and 504, `ForeignError`."""
        ...

    def close(self) -> None:
        """Take no more work; do not wait for what runs."""
        ...


class Limits(msgspec.Struct, frozen=True):
    """How much may run: `threads` at once, `queue` waiting, `timeout` seconds each, `batch_rows` rows per call.

    `batch_rows` of 0: one request per call. `bulk`: these are requests of very many rows.
    """

    threads: int
    queue: int
    timeout: float
    batch_rows: int = 0
    bulk: bool = False


def overloaded(limit: int) -> RequestError:
    """429 with Retry-After: the queue is full, and waiting longer would only move the pain."""
    return _later(f"{limit} predictions are waiting already; try again in a second")


def waited(seconds: float) -> RequestError:
    """429: others kept the model busy for all the time that this request may take."""
    error = _later(f"the request waited {seconds:g} s for its turn; send fewer at once")
    error.apart = True
    return error


def _later(detail: str) -> RequestError:
    error = RequestError(429, "Too many requests", detail)
    error.headers = ((b"retry-after", b"1"),)
    return error


def too_slow(seconds: float) -> RequestError:
    """504: the model did not answer in time."""
    return RequestError(504, "The prediction took too long", f"the model did not answer within {seconds:g} s")


def too_many_rows(rows: int, seconds: float) -> RequestError:
    """413: more rows than the model answers in the time there is."""
    return RequestError(413, "Too many rows", f"the model did not answer {rows} rows within {seconds:g} s; split them")
