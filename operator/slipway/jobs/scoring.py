"""Sends the rows of a dataset to a served revision and collects one answer per row."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import numpy as np
import pandas as pd

from slipway.gates.statistics.figures import Array, Unmeasurable
from slipway.jobs.answers import WrongAnswer, predictions
from slipway.jobs.environment import Endpoint, JobError
from slipway.jobs.payload import Example
from slipway.jobs.target import fetch_example, wait_ready
from slipway_contract import headers, paths

ROWS_PER_REQUEST = 200
_TIMEOUT = aiohttp.ClientTimeout(total=60)
_HEADERS = {"Content-Type": "application/json"}
_OK = 200


async def prepare(session: aiohttp.ClientSession, target: Endpoint) -> Example | None:
    """Wait for `target` and fetch its input example, which says how it wants rows. Raises as target.py does."""
    await wait_ready(session, target)
    return await fetch_example(session, target)


def wanted_columns(example: Example | None) -> tuple[str, ...] | None:
    """The columns that a model wants, by its input example; None when the example does not name any."""
    if example is not None and example.format == "dataframe_split":
        return tuple(map(str, example.columns))
    if example is not None and example.format == "dataframe_records" and isinstance(example.rows[0], dict):
        return tuple(example.rows[0])
    return None


async def score(
    session: aiohttp.ClientSession, target: Endpoint, features: pd.DataFrame, example: Example | None
) -> list[Any]:
    """One answer per row of `features`, in order. Raises JobError when `target` does not give them."""
    rows = rows_of(features)
    found: list[Any] = []
    for start in range(0, len(rows), ROWS_PER_REQUEST):
        part = rows[start : start + ROWS_PER_REQUEST]
        answer = await _ask(session, target, request_body(part, features, example))
        try:
            found += predictions(answer, len(part))
        except WrongAnswer as wrong:
            raise JobError(f"{target.url} answered rows {start} to {start + len(part) - 1} wrongly: {wrong}") from wrong
    return found


def column(answers: list[Any], score: str | None) -> Array:
    """One value per answer, shape (n,): the answer itself, or its part `score` (a name, or a position from 0).

    Without `score`: the only part, or the last of two. Raises Unmeasurable when that is no clear choice.
    """
    values = [_part(answer, score) for answer in answers]
    kinds = {type(value) for value in values}
    if kinds <= {int, float, bool}:
        return np.asarray(values)
    if kinds == {str}:
        return np.asarray(values, dtype=object)
    raise Unmeasurable(f"the responses mix the types  {', '.join(sorted(kind.__name__ for kind in kinds))}")


def _part(answer: Any, score: str | None) -> Any:
    if not isinstance(answer, list | dict):
        return answer
    parts = answer if isinstance(answer, dict) else {str(at): value for at, value in enumerate(answer)}
    if score is None and len(parts) in {1, 2}:
        return list(parts.values())[-1]
    if score in parts:
        return parts[score]
    shown = ", ".join(list(parts)[:8])
    raise Unmeasurable(f"an answer has the parts {shown}; set dataset.score to the one that is the score")


async def _ask(session: aiohttp.ClientSession, target: Endpoint, body: bytes) -> bytes:
    url = f"{target.url}{paths.INVOCATIONS}"
    try:
        async with session.post(url, data=body, headers=_HEADERS, timeout=_TIMEOUT, allow_redirects=False) as response:
            answer = await response.read()
            revision = response.headers.get(headers.REVISION)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise JobError(f"POST {url} failed ({type(error).__name__}: {error})") from error
    if response.status != _OK:
        says = answer[:200].decode(errors="replace")
        raise JobError(f"POST {url} answered {response.status}, not 200: {says}")
    if target.revision and revision not in {None, "", target.revision}:
        raise JobError(f"{url} was answered by revision {revision}, not {target.revision}; compare again")
    return answer


def rows_of(features: pd.DataFrame) -> list[list[Any]]:
    """Cells as JSON has them: numbers in full precision, missing ones as null, times as ISO 8601."""
    known = features.notna().to_numpy()
    cells = features.astype(object).to_numpy()
    return [
        [_cell(cell) if there else None for cell, there in zip(row, mask, strict=True)]
        for row, mask in zip(cells, known, strict=True)
    ]


def _cell(cell: Any) -> Any:
    if isinstance(cell, np.ndarray | np.generic):
        return cell.tolist()
    return cell.isoformat() if hasattr(cell, "isoformat") else cell


def request_body(rows: list[list[Any]], features: pd.DataFrame, example: Example | None) -> bytes:
    """A request with `rows` of `features`, in the form of the model's own example where it has one."""
    columns = tuple(map(str, features.columns))
    if example is None or example.format == "dataframe_split":
        rest = example.rest if example else {}
        return Example("dataframe_split", tuple(rows), columns, rest).body(rows)
    if isinstance(example.rows[0], dict):
        return example.body([dict(zip(columns, row, strict=True)) for row in rows])
    return json.dumps({**example.rest, example.format: rows}).encode()
