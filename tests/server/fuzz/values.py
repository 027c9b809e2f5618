"""JSON documents, and edits that leave them almost valid."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

Doc = Any
DEEP = {"[": "]", '{"a":': "}"}
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 3.5, -0.0, 5e-324, 1.7e308, -1.7e308, 3.5e38, 2**31, -(2**31) - 1, 2**53 + 1, 2**63,
    2**64, 10**400, float("nan"), float("inf"), float("-inf"), "", " ", "x", "Köln", "nan", "1", "1e5", "\x00",
    "2024-01-01T00:00:00", "x" * 9000, "\U0001f600", [], {}, [[]], [None], {"a": 1}, "predict", "predict_proba", "FP64",
    "FP16", "INT8", "BYTES", "BOOL", "UINT64", "binary_data_size", [1, [2]], [[[1]]], "__class__",
)  # fmt: skip
"""What no careful client sends, of every kind that JSON has and some that it has not."""
KEYS: tuple[str, ...] = (
    "dataframe_split",
    "dataframe_records",
    "instances",
    "inputs",
    "params",
    "columns",
    "data",
    "index",
    "name",
)
KEYS += ("shape", "datatype", "parameters", "outputs", "id", "binary_data_size", "predict_fn", "signature_name")
PARAMS: tuple[Any, ...] = (
    {}, None, {"predict_fn": "predict"}, {"predict_fn": "predict_proba"}, {"predict_fn": ["predict"]}, {"x": {"y": []}},
    {"predict_fn": "fit"}, {"predict_fn": {}}, {"predict_fn": None}, {"temperature": 0.1}, [], "x", {"": ""},
)  # fmt: skip


def edited(doc: Doc, rng: random.Random) -> Doc:
    """The document after one edit somewhere inside."""
    places = list(_places(doc))
    if not places or rng.random() < 0.05:
        return copy.deepcopy(rng.choice(ODD))
    holder, key = rng.choice(places)
    rng.choice((_replace, _replace, _drop, _wrap, _copy, _rename, _repeat, _shuffle, _like))(holder, key, rng)
    return doc


def _places(doc: Doc, most: int = 400) -> Any:
    """Where something can be changed: (list or object, index or key)."""
    waiting = [doc]
    while waiting and most > 0:
        each = waiting.pop()
        keys = range(len(each)) if isinstance(each, list) else list(each) if isinstance(each, dict) else ()
        for key in keys:
            yield each, key
            most -= 1
            waiting.append(each[key])


def _replace(holder: Any, key: Any, rng: random.Random) -> None:
    holder[key] = copy.deepcopy(rng.choice(ODD))


def _drop(holder: Any, key: Any, _rng: random.Random) -> None:
    del holder[key]


def _wrap(holder: Any, key: Any, rng: random.Random) -> None:
    for _ in range(rng.choice((1, 1, 2, 40))):
        holder[key] = [holder[key]]


def _copy(holder: Any, key: Any, rng: random.Random) -> None:
    if isinstance(holder, list):
        holder.insert(key, copy.deepcopy(holder[key]))
    else:
        holder[rng.choice(KEYS)] = copy.deepcopy(holder[key])


def _rename(holder: Any, key: Any, rng: random.Random) -> None:
    if isinstance(holder, dict):
        holder[rng.choice((*KEYS, str(key).upper(), f"{key} ", ""))] = holder.pop(key)


def _repeat(holder: Any, key: Any, rng: random.Random) -> None:
    if isinstance(holder, list) and len(json.dumps(holder)) < 2000:
        holder += copy.deepcopy(holder * rng.choice((1, 2, 40, 150)))


def _shuffle(holder: Any, _key: Any, rng: random.Random) -> None:
    if isinstance(holder, list):
        rng.shuffle(holder)


def _like(holder: Any, key: Any, rng: random.Random) -> None:
    """Another value of the same kind, mostly a valid one."""
    value = holder[key]
    if isinstance(value, bool):
        holder[key] = not value
    elif isinstance(value, int | float) and abs(value) < 1e15:
        holder[key] = rng.choice((value + 1, -value, value * 1e6, float(value), round(value), rng.gauss(0, 100)))
    elif isinstance(value, str):
        holder[key] = value[::-1] + rng.choice(("", "é", "\u2028", "0"))


def written(doc: Doc, rng: random.Random) -> bytes:
    """JSON as clients write it: with NaN, in other alphabets, now and then damaged."""
    content = json.dumps(doc, ensure_ascii=rng.random() < 0.5, indent=rng.choice((None, None, None, 1))).encode()
    return damaged(content, rng) if rng.random() < 0.12 else content


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Bytes that went wrong on their way."""
    place = rng.randrange(len(content) + 1)
    opened, closed = rng.choice(list(DEEP.items()))
    depth = rng.choice((40, 600, 990, 3000))
    return rng.choice(
        (
            content[:place],
            content[:place] + bytes([rng.randrange(256)]) + content[place + 1 :],
            content + content,
            b"\xef\xbb\xbf" + content,
            content.decode(errors="replace").encode("utf-16"),
            content.replace(b":", b": " + (opened * depth).encode() + b"1" + (closed * depth).encode() + b",", 1),
            b'{"inputs":' + (opened * depth).encode() + b"1" + (closed * depth).encode() + b"}",
            content.replace(b"1", b"1" * rng.choice((30, 400, 5000)), 1),
            content.replace(b'"', b'"\\ud800', 1),
            content.replace(b"}", b',"params":{"predict_fn":"predict"}}', 1),
            b"",
        )
    )
