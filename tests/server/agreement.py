"""The same requests alone and beside others: what they are, how they are sent, and when two answers agree."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from slipway_server.fetch.proof.prove import difference
from slipway_server.model.bundle import Bundle
from tests.server.hard_models import grades, letters, regions
from tests.server.models import numbers, people

CONNECTIONS = 32
FORMS = ("split", "split", "split", "shuffled", "records", "inputs", "table", "csv", "v2")


class Ask(NamedTuple):
    """One request, as it is sent."""

    path: str
    kind: str
    body: bytes


class Told(NamedTuple):
    """One answer."""

    status: int
    body: bytes


class Source(NamedTuple):
    """Rows of a model: its columns in the signature's order, and one column's next value."""

    names: list[str]
    draw: Callable[[random.Random, str], Any]


def source(model: str) -> Source:
    """What is asked of a model: values that it knows, values that it does not, and missing ones."""
    makers = {"numbered": regions, "bare_encoder": grades, "mixed": people}
    makers |= dict.fromkeys(("words_with_holes", "words_or_none"), letters)
    if model == "sleeper":
        return Source(["seconds"], lambda rng, _name: rng.choice([0.0, 0.0001]))
    if model == "texts":
        some = ["good café", "bad", "naïve", "x", "", "ÄRGER, 12 Äpfel!", "un mot " * 300]
        return Source(["text", "x"], lambda rng, name: rng.choice(some) if name == "text" else rng.random())
    frame, _ = makers.get(model, numbers)(100)
    if model == "swapped_flags":
        frame["e"] = frame["e"] > 0
    return Source(list(frame.columns), lambda rng, name: _value(rng, frame[name].to_numpy()))


def _value(rng: random.Random, known: Any) -> Any:
    """Mostly a value of the training's; sometimes a missing one, one that nobody knows, or one in between."""
    kind = rng.random()
    value = known[rng.randrange(len(known))]
    if kind < 0.03 or value is None or value != value:
        return None
    if isinstance(value, str):
        return "unheard of" if kind < 0.06 else value
    value = value.item()
    if isinstance(value, bool) or kind > 0.5:
        return value
    if isinstance(value, int) or value.is_integer():
        return value + (kind < 0.06)
    return value * kind


def requests(model: str, bundle: Bundle, count: int) -> list[Ask]:
    """`count` requests of one to three rows, a few of them much larger, in every form that a client may choose."""
    rng = random.Random(model)
    if bundle.signature.type_hint:
        return [_hinted(rng) for _ in range(count)]
    found = source(model)
    methods = ["predict_proba"] if len(bundle.classes) and bundle.predict_fn == "predict" else []
    return [_request(rng, found, bundle, methods) for _ in range(count)]


def _hinted(rng: random.Random) -> Ask:
    items = [{"name": rng.choice("ab"), "amount": rng.choice([1.5, 2, "x"])} for _ in range(rng.randint(1, 3))]
    return Ask("/invocations", "application/json", json.dumps({"inputs": items}).encode())


def _request(rng: random.Random, found: Source, bundle: Bundle, methods: Sequence[str]) -> Ask:
    size = 300 if rng.random() < 0.003 else rng.choice([1, 1, 1, 1, 2, 3])
    rows = [{name: found.draw(rng, name) for name in found.names} for _ in range(size)]
    form = rng.choice(FORMS) if bundle.signature.columns else rng.choice(["split", "shuffled"])
    if bundle.signature.tensors:
        form = "table"
    params = {"predict_fn": rng.choice(methods)} if methods and rng.random() < 0.3 else None
    if form == "v2":
        return _tensors(rows, bundle)
    if form == "csv":
        lines = [",".join(found.names), *(",".join(map(_cell, row.values())) for row in rows)]
        return Ask("/invocations", "text/csv", "\n".join(lines).encode())
    body = _shaped(rng, form, found.names, rows)
    return Ask("/invocations", "application/json", json.dumps(body | ({"params": params} if params else {})).encode())


def _shaped(rng: random.Random, form: str, names: list[str], rows: list[dict[str, Any]]) -> dict[str, Any]:
    if form == "records":
        return {"dataframe_records": rows}
    if form == "inputs":
        return {"inputs": {name: [row[name] for row in rows] for name in names}}
    if form == "table":
        return {"inputs": [list(row.values()) for row in rows]}
    order = rng.sample(names, len(names)) if form == "shuffled" else names
    return {"dataframe_split": {"columns": order, "data": [[row[name] for name in order] for row in rows]}}


def _cell(value: Any) -> str:
    return "" if value is None else f'"{value}"' if isinstance(value, str) else str(value)


_TYPES = {"double": "FP64", "long": "INT64", "string": "BYTES", "boolean": "BOOL"}


def _tensors(rows: list[dict[str, Any]], bundle: Bundle) -> Ask:
    inputs = [
        {
            "name": column.name,
            "datatype": _TYPES[column.type],
            "shape": [len(rows)],
            "data": [row[column.name] for row in rows],
        }
        for column in bundle.signature.columns
    ]
    return Ask("/v2/models/demo/infer", "application/json", json.dumps({"inputs": inputs}).encode())


async def alone(port: int, asks: Sequence[Ask]) -> list[Told]:
    """Send one request after the other: nothing else is on its way."""
    found: list[Told] = [Told(0, b"")] * len(asks)
    await _client(port, asks, list(range(len(asks))), found)
    return found


async def together(port: int, asks: Sequence[Ask]) -> list[Told]:
    """Send the requests in a random order, `CONNECTIONS` of them at a time."""
    found: list[Told] = [Told(0, b"")] * len(asks)
    places = random.Random(1).sample(range(len(asks)), len(asks))
    await asyncio.gather(*(_client(port, asks, places[n::CONNECTIONS], found) for n in range(CONNECTIONS)))
    return found


async def _client(port: int, asks: Sequence[Ask], places: list[int], found: list[Told]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for place in places:
        ask = asks[place]
        head = f"POST {ask.path} HTTP/1.1\r\nhost: x\r\ncontent-type: {ask.kind}\r\n"
        writer.write(f"{head}content-length: {len(ask.body)}\r\n\r\n".encode() + ask.body)
        lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
        length = next(int(line.removeprefix(b"content-length: ")) for line in lines if line.startswith(b"content-l"))
        found[place] = Told(int(lines[0].split()[1]), await reader.readexactly(length))
    writer.close()
    await writer.wait_closed()


def differing(expected: Sequence[Told], got: Sequence[Told], tolerance: float) -> list[str]:
    """In words, where answers do not agree. A tolerance of 0 asks for the same bytes.

    Scores are compared as the proof compares them: by the size of all that were answered.
    """
    found = []
    scores: dict[Any, list[tuple[Any, Any]]] = {}
    for one, other in zip(expected, got, strict=True):
        if one == other or (one.status == other.status != 200):
            continue
        said = f"{one.status} {one.body[:160]!r} and {other.status} {other.body[:160]!r}"
        if not tolerance or one.status != other.status:
            found.append(said)
            continue
        first, second = _values(one), _values(other)
        if _kinds(first) != _kinds(second):
            found.append(f"other types or nulls: {said}")
        scores.setdefault(_form(first), []).append((first, second))
    for pairs in scores.values():
        first, second = (np.concatenate([np.asarray(pair[side], float) for pair in pairs]) for side in (0, 1))
        found += [words] if (words := difference(first, second, tolerance, first.ndim == 2)[0]) else []
    return found


def _values(told: Told) -> Any:
    answer = json.loads(told.body)
    return answer["predictions"] if "predictions" in answer else answer["outputs"][0]["data"]


def _kinds(value: Any) -> Any:
    return [_kinds(each) for each in value] if isinstance(value, list) else type(value)


def _form(values: list[Any]) -> int:
    """The width of each row; 0 for plain numbers."""
    return len(values[0]) if isinstance(values[0], list) else 0
