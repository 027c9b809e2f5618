"""Requests: what a client may send to a model, from the valid to the absurd."""

from __future__ import annotations

import copy
import csv
import gzip
import io
import json
import random
import struct
import zlib
from typing import Any, NamedTuple

from tests.server.fuzz import values

INVOCATIONS, INFER = "/invocations", "/v2/models/demo/infer"
PATHS = (
    "/", "/livez", "/readyz", "/ping", "/health", "/version", "/metrics", "/metrics/requests", "/slipway/info", "/docs",
    "/slipway/example", "/openapi.json", "/v2", "/v2/", "/v2/health/live", "/v2/health/ready", "/v2/models/demo",
    "/v2/models/demo/ready", "/v2/models/demo/versions/7", "/v2/models/demo/versions/8/infer", "/v2/models/x/infer",
    "/v2/models//infer", "/v2/models/demo/infer/", "/invocations/", "/invocations?x=%ff", "/%00", "/%ff%fe", "//", "*",
    "/../etc/passwd", "/v2/models/%64emo/infer", "http://x/invocations", "/" + "a" * 3000, "/redoc",
    "/v2/models/%0a/ready",
)  # fmt: skip
METHODS = ("POST", "GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND")
KINDS = (
    "application/json", "application/json; charset=utf-8", "application/json;charset=latin-1", "text/csv", "text/plain",
    "application/octet-stream", "", "application/json; charset", ";", "text/csv; charset=utf-8; header=present",
)  # fmt: skip
HEADERS = (
    ("accept", "application/xml"), ("accept-encoding", "br"), ("expect", "100-continue"), ("expect", "200-maybe"),
    ("connection", "close"), ("connection", "keep-alive, close"), ("x-forwarded-for", "\xff\xfe"), ("host", ""),
    ("traceparent", "00-x-y-z"), ("traceparent", f"00-{'a' * 32}-{'b' * 16}-01"), ("cookie", "a" * 5000),
    ("inference-header-content-length", "-1"), ("inference-header-content-length", "9" * 5000),
    ("inference-header-content-length", "10"), ("inference-header-content-length", "x"), ("range", "bytes=0-1"),
    ("if-none-match", "*"), ("content-length", "5"), ("transfer-encoding", "gzip"), ("content-encoding", "br"),
    ("content-encoding", "gzip, gzip"), ("upgrade", "websocket"), ("x", "y" * 20000), ("te", "trailers"),
)  # fmt: skip
TYPES = {"FP64": "d", "FP32": "f", "INT64": "q", "INT32": "i", "BOOL": "?"}


class Request(NamedTuple):
    """A request before it is bytes."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    chunked: bool = False

    def written(self) -> bytes:
        """HTTP/1.1."""
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in self.headers)]
        if self.chunked:
            head = "\r\n".join([*lines, "transfer-encoding: chunked", "", ""]).encode("latin-1")
            middle = len(self.body) // 2
            parts = [part for part in (self.body[:middle], self.body[middle:]) if part]
            return head + b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
        return "\r\n".join([*lines, f"content-length: {len(self.body)}", "", ""]).encode("latin-1") + self.body


class Requests:
    """Makes requests to one model from its own example and its description by the Open Inference Protocol."""

    def __init__(self, example: Any, inputs: list[dict[str, Any]]) -> None:
        self.inputs = inputs
        self.bodies = [example, *_forms(example)] if example else [{"inputs": [[1.0, 2.0]]}]
        self.columns = _columns(example)
        self.csv = _csv(example)

    def one(self, rng: random.Random) -> Request:
        """A request: mostly to the routes that predict, mostly almost valid."""
        chance = rng.random()
        if chance < 0.06:
            return self._elsewhere(rng)
        if chance < 0.5:
            return _dressed("POST", INVOCATIONS, (KINDS[0], self._json(rng)), rng)
        if chance < 0.6 and self.csv:
            body = self.csv.encode() if rng.random() < 0.5 else values.damaged(self.csv.encode(), rng)
            return _dressed("POST", INVOCATIONS, ("text/csv", _edited_csv(body, rng)), rng)
        if chance < 0.85 or not self.columns:
            return _dressed("POST", INFER, (KINDS[0], self._tensors(rng)), rng)
        head, content = self._binary(rng)
        found = _dressed("POST", INFER, ("application/octet-stream", head + content), rng)
        length = rng.choice((len(head), len(head), len(head), len(head) + 1, 0))
        return found._replace(headers=(*found.headers, ("inference-header-content-length", str(length))))

    def _elsewhere(self, rng: random.Random) -> Request:
        path = rng.choice((*PATHS, INVOCATIONS, INFER))
        method = rng.choice(METHODS)
        return _dressed(method, path, (rng.choice(KINDS), self._json(rng)), rng)

    def _json(self, rng: random.Random) -> bytes:
        doc = copy.deepcopy(rng.choice(self.bodies))
        if rng.random() < 0.15 and isinstance(doc, dict):
            doc["params"] = copy.deepcopy(rng.choice(values.PARAMS))
        return values.written(_edits(doc, rng), rng)

    def _tensors(self, rng: random.Random) -> bytes:
        doc: dict[str, Any] = {"inputs": [self._tensor(each, rng) for each in self.inputs]}
        if rng.random() < 0.3:
            doc["outputs"] = [{"name": name} for name in rng.sample(("predict", "predict_proba", "x", "yhat"), k=2)]
        if rng.random() < 0.2:
            doc["parameters"] = {"binary_data_output": rng.random() < 0.8}
        return values.written(_edits(doc, rng), rng)

    def _tensor(self, about: dict[str, Any], rng: random.Random) -> dict[str, Any]:
        known = self.columns.get(about["name"], [1.0])
        sizes = [len(known) if size < 0 else size for size in about["shape"]] or [len(known)]
        return {"name": about["name"], "shape": sizes, "datatype": about["datatype"], "data": list(known)}

    def _binary(self, rng: random.Random) -> tuple[bytes, bytes]:
        """The tensors as bytes behind their description."""
        described, content = [], b""
        for about in self.inputs:
            tensor = self._tensor(about, rng)
            packed = _packed(tensor["datatype"], tensor.pop("data"))
            if rng.random() < 0.1:
                packed = values.damaged(packed, rng)
            tensor["parameters"] = {"binary_data_size": len(packed)}
            described.append(tensor)
            content += packed
        doc = {"inputs": described, "parameters": {"binary_data_output": True}}
        return json.dumps(_edits(doc, rng) if rng.random() < 0.5 else doc).encode(), content


def _edits(doc: Any, rng: random.Random) -> Any:
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        doc = values.edited(doc, rng)
    return doc


def _dressed(method: str, path: str, content: tuple[str, bytes], rng: random.Random) -> Request:
    """With headers: mostly those that belong to the body."""
    kind, body = content
    headers = [("host", "x"), ("content-type", kind if rng.random() < 0.95 else rng.choice(KINDS))]
    if rng.random() < 0.08:
        coding, packed = rng.choice((("gzip", gzip.compress(body, mtime=0)), ("deflate", zlib.compress(body))))
        body = packed if rng.random() < 0.8 else values.damaged(packed, rng)
        headers.append(("content-encoding", coding))
    if rng.random() < 0.03:
        headers += [("connection", "Upgrade, HTTP2-Settings"), ("upgrade", "h2c"), ("http2-settings", "AAMAAABk")]
    if rng.random() < 0.06:
        headers.append(rng.choice(HEADERS))
    return Request(method, path, tuple(headers), body, rng.random() < 0.05)


def _rows(example: Any) -> tuple[list[str], list[list[Any]]]:
    split = example.get("dataframe_split") if isinstance(example, dict) else None
    return (split.get("columns", []), split["data"]) if split else ([], [])


def _columns(example: Any) -> dict[str, list[Any]]:
    names, rows = _rows(example)
    return {name: [row[index] for row in rows] for index, name in enumerate(names)}


def _forms(example: Any) -> list[Any]:
    """The same rows in the protocol's other forms."""
    names, rows = _rows(example)
    if not names:
        return []
    records = [dict(zip(names, row, strict=True)) for row in rows]
    return [
        {"dataframe_records": records},
        {"instances": records},
        {"inputs": _columns(example)},
        {"inputs": rows},
        {"dataframe_split": {"columns": names[::-1], "data": [row[::-1] for row in rows]}},
        {"dataframe_split": {"columns": names, "data": rows * 200}},
    ]


def _csv(example: Any) -> str:
    names, rows = _rows(example)
    text = io.StringIO()
    csv.writer(text).writerows([names, *rows] if names else [])
    return text.getvalue()


def _edited_csv(body: bytes, rng: random.Random) -> bytes:
    old = rng.choice((b",", b"\r\n", b"1", b"a", b"."))
    new = rng.choice((b",,", b"\n", b'"', b"nan", b"inf", b"1" * 5000, "é".encode(), b"\x00", b"", b"1_0"))
    return body.replace(old, new, 1) if rng.random() < 0.5 else body


def _packed(datatype: str, data: list[Any]) -> bytes:
    if datatype in TYPES:
        return struct.pack(f"<{len(data)}{TYPES[datatype]}", *data)
    texts = [str(value).encode() for value in data]
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)
