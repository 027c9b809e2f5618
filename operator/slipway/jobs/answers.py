"""Whether the answers to a load are right: one prediction per row, finite, and the same for the same input."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from slipway.gates.statistics.smoke import Shot
from slipway.jobs.load import Answer

RELATIVE_TOLERANCE = 1e-6
"""Two answers to one input may differ by this: threads may add up in another order."""

_OK = 200


class WrongAnswer(ValueError):
    """Why an answer does not count, in a few words."""


def shots(answers: Sequence[Answer], rows: Sequence[int], revision: str) -> tuple[Shot, ...]:
    """Each answer with what is wrong about it; `rows` is the number of rows in each request body, by body.

    The first right answer to a body is what its later answers are held against. An answer that names another revision
    than `revision` does not count (an empty `revision` asks for none).
    """
    checker = _Checker(rows, revision)
    return tuple(
        Shot(
            answer.latency,
            answer.lag,
            fault=checker.fault(answer),
            answered=answer.problem is None,
            given_up=answer.given_up,
            at=answer.at,
        )
        for answer in answers
    )


def predictions(body: bytes, rows: int) -> list[Any]:
    """The predictions in the body of an answer to `rows` rows. Raises WrongAnswer."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WrongAnswer("the answer is not JSON") from error
    found = document.get("predictions") if isinstance(document, dict) else None
    if not isinstance(found, list):
        raise WrongAnswer("the answer has no list of predictions")
    if len(found) != rows:
        raise WrongAnswer(f"{len(found)} predictions for {rows} rows")
    _check_finite(found)
    return found


def same(one: Any, other: Any) -> bool:
    """Whether two predictions have the same shape and, within RELATIVE_TOLERANCE, the same values."""
    if _is_number(one) and _is_number(other):
        return math.isclose(one, other, rel_tol=RELATIVE_TOLERANCE, abs_tol=1e-9)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(one == other)


class _Checker:
    def __init__(self, rows: Sequence[int], revision: str) -> None:
        self.rows = rows
        self.revision = revision
        self.first: dict[int, list[Any]] = {}
        self.known: dict[tuple[int, bytes], str | None] = {}

    def fault(self, answer: Answer) -> str | None:
        if answer.problem:
            return answer.problem
        if answer.status != _OK:
            return f"status {answer.status}"
        if self.revision and answer.revision not in {None, "", self.revision}:
            return f"answered by revision {answer.revision}"
        key = (answer.index, answer.body)
        if key not in self.known:
            self.known[key] = self._wrong(answer)
        return self.known[key]

    def _wrong(self, answer: Answer) -> str | None:
        try:
            found = predictions(answer.body, self.rows[answer.index])
        except WrongAnswer as wrong:
            return str(wrong)
        if not same(self.first.setdefault(answer.index, found), found):
            return "a different response to the same input"
        return None


def _check_finite(value: Any) -> None:
    """Raises WrongAnswer for a number that is not finite or a null anywhere inside `value`."""
    if value is None:
        raise WrongAnswer("a prediction is null")
    if isinstance(value, float) and not math.isfinite(value):
        raise WrongAnswer(f"a prediction is {value}")
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            _check_finite(inner)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
