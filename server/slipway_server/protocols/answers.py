"""Whole answers, before they become HTTP."""

from __future__ import annotations

from typing import NamedTuple, NewType

from slipway_server.errors import RequestError
from slipway_server.protocols import problem

JSON = b"application/json"
TEXT = b"text/plain; charset=utf-8"
Pairs = tuple[tuple[bytes, bytes], ...]


class Answer(NamedTuple):
    """One whole answer."""

    status: int
    kind: bytes
    body: bytes
    headers: Pairs = ()


Counted = NewType("Counted", Answer)
"""An answer that has been counted. `Service` alone makes them, and what writes to a socket takes nothing else."""


def of_error(error: RequestError) -> Answer:
    """The answer to a request that can't have a prediction."""
    return Answer(error.status, problem.CONTENT_TYPE, problem.encode(error), error.headers)


def no_such_path(path: str) -> Answer:
    """404."""
    return of_error(RequestError(404, "Not found", f"there is nothing at {path[:200]}; /docs lists what there is"))


def wrong_method(method: str, allowed: str) -> Answer:
    """405, with the method that would have been right."""
    error = RequestError(405, "Method not allowed", f"{method[:20]} is not answered here; use {allowed}")
    error.headers = ((b"allow", allowed.encode()),)
    return of_error(error)
