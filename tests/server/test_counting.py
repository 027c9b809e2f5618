"""Every answer is counted with its code: what clients saw is what `/metrics` says, route by route."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from slipway_server.observing.metrics import Metrics
from slipway_server.serving.service import Service
from slipway_server.wire.app import Application
from tests.server.client import Client
from tests.server.conftest import SETTINGS, Serve
from tests.server.exposition import Codes, counted
from tests.server.tables import ROW, split, tensor
from tests.server.wire import Raw, wait_until

V2 = "/v2/models/demo/infer"
LANE = {"inputs": [ROW]}
ASIDE = {"inputs": [ROW], "params": {"predict_fn": "predict_proba"}}
TENSOR = {"inputs": [{"name": "input", "shape": [1, 4], "datatype": "FP64", "data": ROW}]}
HEAD = b"POST %b HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n"


def told(client: Client) -> Codes:
    """What the server says by now, without this question."""
    return counted(client.service.metrics.render())


def walk(client: Client, asked: Iterable[tuple[str, str, str, Any, int]]) -> None:
    """Ask, and compare: (route, method, path, body, code)."""
    before, seen = told(client), Codes()
    for route, method, path, body, code in asked:
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        reply = client.ask(method, path, content, {"content-type": "application/json"} if content else {})
        assert reply.status == code, (method, path, reply)
        seen[route, code] += 1
    assert told(client) - before == seen


def test_predictions_by_every_way_and_what_is_no_prediction(serve: Serve) -> None:
    with serve("forest", max_body_bytes=200_000, max_rows=500) as client:
        walk(
            client,
            [
                (route, "POST", path, body, code)
                for route, path, bodies in (
                    ("invocations", "/invocations", (LANE, ASIDE, split(50), split(101), split(400))),
                    ("v2", V2, (TENSOR, tensor(50), tensor(101), tensor(400))),
                )
                for body, code in [
                    *((body, 200) for body in bodies),
                    (b"", 400),
                    (b"{", 400),
                    (b"[" * 5000, 400),
                    ({}, 400),
                    (b"x" * 150_000, 400),
                    (split(501) if route == "invocations" else tensor(501), 413),
                    (b"x" * 200_001, 413),
                ]
            ],
        )
        walk(
            client,
            [
                (route, method, path, None, 405)
                for route, path in (("invocations", "/invocations"), ("v2", V2))
                for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE")
            ],
        )
        walk(
            client,
            [
                ("v2", "POST", "/v2/models/other/infer", TENSOR, 404),
                ("v2", "POST", "/v2/models/demo/versions/8/infer", TENSOR, 404),
                ("v2", "POST", V2, {**TENSOR, "outputs": [{"name": "x"}]}, 400),
            ],
        )


@pytest.mark.parametrize("path", ["/invocations", V2])
def test_bodies_in_other_codings_and_kinds(serve: Serve, path: str) -> None:
    route = "v2" if path == V2 else "invocations"
    with serve("forest") as client:
        before = told(client)
        assert client.post(path, b"no gzip", content_encoding="gzip").status == 400
        assert client.post(path, b"{}", content_encoding="br").status == 415
        seen = Codes({(route, 400): 1, (route, 415): 1})
        assert told(client) - before == seen


def test_pages_and_probes(serve: Serve) -> None:
    probes = ("/livez", "/readyz", "/ping", "/health", "/v2/health/live", "/v2/health/ready", "/v2/models/demo/ready")
    pages = ("/version", "/metrics", "/metrics/requests", "/slipway/info", "/slipway/example", "/v2", "/v2/models/demo")
    documents = ("/docs", "/openapi.json")
    with serve("forest") as client:
        every = [*(("probe", path) for path in probes), *(("other", path) for path in (*pages, *documents))]
        walk(client, [(route, "GET", path, None, 200) for route, path in every])
        walk(client, [(route, "HEAD", path, None, 200) for route, path in every if path not in documents])
        walk(client, [(route, "POST", path, b"{}", 405) for route, path in every])
        walk(
            client,
            [("other", method, path, None, 404) for method in ("GET", "POST") for path in ("/", "/x", "/v2/models")],
        )
        client.service.draining = True
        walk(client, [("probe", "GET", path, None, 503) for path in ("/readyz", "/v2/health/ready")])


def test_while_the_model_loads_nothing_counts_as_a_prediction(serve: Serve) -> None:
    with serve("forest") as client:
        model, client.service.model = client.service.model, None
        asked = [
            ("POST", "/invocations", LANE),
            ("POST", V2, TENSOR),
            ("GET", "/slipway/info", None),
            ("GET", "/docs", None),
        ]
        walk(client, [("other", method, path, body, 503) for method, path, body in asked])
        client.service.model = model


def test_what_is_no_http_and_clients_that_leave(serve: Serve) -> None:
    with serve("forest") as client:
        before = told(client)
        for sent in (
            b"\x00\x01\r\n\r\n",
            b"GET /\xff HTTP/1.1\r\n\r\n",
            b"POST /invocations HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        ):
            with Raw(client.port) as raw:
                raw.socket.sendall(sent)
                status, headers, _ = raw.answer()
                assert (status, headers["content-type"]) == (400, "application/problem+json")
        broken = b"POST /invocations HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nrubbish\r\n"
        with Raw(client.port) as raw:
            raw.socket.sendall(broken)
            assert raw.answer()[0] == 400
            assert raw.ended()
        for path in (b"/invocations?x", V2.encode()):
            with Raw(client.port) as raw:
                raw.socket.sendall(HEAD % (path, 100) + b"{")
        seen = Codes({("other", 400): 4, ("invocations", 499): 1, ("v2", 499): 1})
        wait_until(lambda: told(client) - before == seen, patience=10)


def test_an_upgrade_is_ignored_and_the_request_answered(serve: Serve) -> None:
    body = json.dumps(LANE).encode()
    head = (HEAD % (b"/invocations", len(body))).replace(
        b"host: x", b"host: x\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk"
    )
    with serve("forest") as client:
        before = told(client)
        with Raw(client.port) as raw:
            raw.socket.sendall(head + body + head + body)
            assert [raw.answer()[0] for _ in range(2)] == [200, 200]
            raw.socket.sendall(head)
            raw.socket.sendall(body[:5])
            raw.socket.sendall(body[5:])
            assert raw.answer()[0] == 200
        assert told(client) - before == Codes({("invocations", 200): 3})


def test_a_model_that_fails_or_does_not_answer(serve: Serve) -> None:
    def seconds(*values: float) -> dict[str, Any]:
        return {"inputs": {"seconds": values}}

    def infer(*values: float) -> dict[str, Any]:
        return {"inputs": [{"name": "seconds", "shape": [len(values)], "datatype": "FP64", "data": values}]}

    with serve("sleeper", predict_timeout_seconds=0.2, stuck_after=100) as client:
        for values, code in (([0.0], 200), ([-1.0], 400), ([0.0, -1.0], 500), ([0.7], 504)):
            asked = [("invocations", "/invocations", seconds(*values)), ("v2", V2, infer(*values))]
            walk(client, [(route, "POST", path, body, code) for route, path, body in asked])


Broken = Callable[[Client, pytest.MonkeyPatch], None]


def unwritable(client: Client, patch: pytest.MonkeyPatch) -> None:
    """The model answers with something that has no JSON form."""

    async def predict(_: object) -> object:
        return [object()]

    patch.setattr(client.service.model, "predict", predict)
    patch.setattr(client.service.model, "at_once", lambda _: [object()])


def raising(client: Client, patch: pytest.MonkeyPatch) -> None:
    """Code of our own raises what nobody foresaw."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError("ours")

    assert client.service.model is not None
    patch.setattr(client.service.model.reader, "accept", broken)
    patch.setattr(client.service.model.reader, "rows", broken)
    patch.setattr(client.service.model.reader, "read", broken)


@pytest.mark.parametrize("how", [unwritable, raising])
def test_a_fault_of_our_own_and_an_answer_without_json_are_500_in_words(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, how: Broken
) -> None:
    with serve("forest") as client:
        how(client, monkeypatch)
        before = told(client)
        replies = [client.predict(body) for body in (LANE, ASIDE, split(200))] + [client.post(V2, TENSOR)]
        assert {reply.status for reply in replies} == {500}
        assert {reply.headers["content-type"] for reply in replies} == {"application/problem+json"}
        assert told(client) - before == Codes({("invocations", 500): 3, ("v2", 500): 1})


async def test_a_request_that_is_cut_off_at_the_end_of_the_server_is_told_so() -> None:
    service = Service(SETTINGS, Metrics(0.2))
    sent: list[dict[str, Any]] = []
    waiting = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await waiting.wait()
        return {}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/invocations", "method": "POST", "headers": []}
    task = asyncio.create_task(Application(service)(scope, receive, send))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sent[0]["status"] == 503
    assert counted(service.metrics.render()) == Codes({("other", 503): 1})
