"""From the first probe to the last answer."""

from __future__ import annotations

import contextlib
import json
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from slipway_server.model import bundle as bundles
from tests.server.client import Client
from tests.server.conftest import Serve
from tests.server.wire import Raw, free_port, process, status, wait_until

BODY = b'{"inputs": [[1, 2, 3, 4]]}'
REQUEST = b"POST /invocations HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
WHOLE = REQUEST % (len(BODY), BODY)


def test_after_sigterm_it_still_answers_and_then_leaves_cleanly(fetched: Callable[[str], Path]) -> None:
    port = free_port()
    model = str(fetched("forest"))
    with process("serve", "--model", model, "--port", str(port), SLIPWAY_LAME_DUCK_SECONDS="0.7") as server:
        wait_until(lambda: status(port, "/readyz") == 200)
        with Raw(port) as old:
            old.socket.sendall(WHOLE)
            assert "connection" not in old.answer()[1]
            server.send_signal(signal.SIGTERM)
            wait_until(lambda: status(port, "/readyz") == 503)
            old.socket.sendall(WHOLE)
            code, headers, _ = old.answer()
            assert (code, headers["connection"]) == (200, "close")
            assert old.ended()
        with Raw(port) as new:
            new.socket.sendall(WHOLE)
            code, headers, _ = new.answer()
            assert (code, headers["connection"]) == (200, "close")
        assert server.wait(20) == 0


def test_a_model_that_cannot_be_loaded_ends_the_process_with_one_readable_line(
    fetched: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = tmp_path / bundles.FOLDER
    folder.mkdir()
    good = fetched("forest") / bundles.FOLDER
    (folder / "bundle.json").write_bytes((good / "bundle.json").read_bytes())
    (folder / bundles.ONNX_FILE).write_bytes((good / bundles.ONNX_FILE).read_bytes()[:100])
    log = tmp_path / "termination"
    arguments = ("serve", "--model", str(tmp_path), "--port", str(free_port()))
    with process(*arguments, SLIPWAY_TERMINATION_LOG=str(log)) as server:
        assert server.wait(60) == 3
        assert server.stderr is not None
        said = server.stderr.read().decode()
    assert "can't be loaded" in said
    assert "Traceback" not in said
    report = json.loads(log.read_bytes())
    assert (report["ok"], report["reason"]) == (False, "LoadFailed")


def test_a_plain_directory_is_fetched_first_and_several_workers_count_together(saved: Callable[[str], Path]) -> None:
    port = free_port()
    arguments = ("--model", str(saved("ridge")), "--port", str(port), "--workers", "2")
    with process(*arguments, SLIPWAY_LAME_DUCK_SECONDS="0") as server:
        wait_until(lambda: status(port, "/readyz") == 200)
        for _ in range(40):
            with Raw(port) as raw:
                raw.socket.sendall(WHOLE)
                assert raw.answer()[0] == 200
        with Raw(port) as raw:
            raw.socket.sendall(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
            assert b'inference_requests_total{code="200",route="invocations"} 40.0' in raw.answer()[2]
        server.send_signal(signal.SIGTERM)
        assert server.wait(20) == 0


@pytest.mark.parametrize(
    "arguments",
    [("--model", "models:/m/1", "--follow"), ("--model", "x", "--workers", "0"), ("--model", "x", "--port", "many")],
)
def test_contradictory_commands_are_refused(arguments: tuple[str, ...]) -> None:
    with process(*arguments) as server:
        assert server.wait(30) == 2


def test_an_old_connection_is_closed_after_an_answer_so_that_clients_follow_a_flip(serve: Serve) -> None:
    with serve("forest", connection_age_seconds=0.0) as client, Raw(client.port) as raw:
        raw.socket.sendall(WHOLE)
        code, headers, _ = raw.answer()
        assert (code, headers["connection"]) == (200, "close")
        assert raw.ended()


def test_a_young_connection_is_kept(forest_server: Client) -> None:
    with Raw(forest_server.port) as raw:
        for _ in range(3):
            raw.socket.sendall(WHOLE)
            code, headers, _ = raw.answer()
            assert (code, "connection" in headers) == (200, False)
        raw.socket.sendall(b"GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n")
        assert raw.answer()[0] == 200


def test_pipelined_requests_are_answered_in_order(forest_server: Client) -> None:
    page = b"GET /version HTTP/1.1\r\nhost: x\r\n\r\n"
    with Raw(forest_server.port) as raw:
        raw.socket.sendall(WHOLE + page + WHOLE + page)
        kinds = [raw.answer()[1]["content-type"] for _ in range(4)]
    assert [kind.split(";")[0] for kind in kinds] == ["application/json", "text/plain"] * 2


def test_a_body_in_pieces_and_in_chunks(forest_server: Client) -> None:
    chunked = b"POST /invocations HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"
    with Raw(forest_server.port) as raw:
        raw.socket.sendall(WHOLE[:-10])
        raw.socket.sendall(WHOLE[-10:])
        assert raw.answer()[0] == 200
        raw.socket.sendall(chunked % (len(BODY), BODY))
        assert raw.answer()[0] == 200


def test_a_client_that_asks_to_close_or_expects_a_continue(forest_server: Client) -> None:
    with Raw(forest_server.port) as raw:
        raw.socket.sendall(WHOLE.replace(b"host: x", b"host: x\r\nexpect: 100-continue"))
        assert raw.stream.readline() == b"HTTP/1.1 100 Continue\r\n"
        assert raw.stream.readline() == b"\r\n"
        assert raw.answer()[0] == 200
        raw.socket.sendall(WHOLE.replace(b"host: x", b"host: x\r\nconnection: close"))
        assert raw.answer()[0] == 200
        assert raw.ended()


@pytest.mark.parametrize(
    "sent",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"HELLO\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /invocations HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
    ],
)
def test_malformed_http_gets_a_400_and_an_end(forest_server: Client, sent: bytes) -> None:
    with Raw(forest_server.port) as raw:
        raw.socket.sendall(sent)
        assert raw.answer()[0] == 400
        assert raw.ended()
    assert forest_server.get("/readyz").status == 200


def test_a_body_beyond_the_limit_is_refused_unread(serve: Serve) -> None:
    with serve("forest", max_body_bytes=1000) as client, Raw(client.port) as raw:
        raw.socket.sendall(b"POST /invocations HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n")
        code, headers, _ = raw.answer()
        assert (code, headers["connection"]) == (413, "close")
        big = b'{"inputs": [[1, 2, 3, 4]], "x": "%s"}' % (b"x" * 2000)
        assert client.predict(big).status == 413


def test_too_many_rows_are_refused(serve: Serve) -> None:
    with serve("forest", max_rows=3) as client:
        reply = client.predict({"inputs": [[1, 2, 3, 4]] * 4})
        assert (reply.status, "4 rows" in reply.json["detail"]) == (413, True)


def test_clients_that_are_too_slow_or_say_nothing_are_cut_off(serve: Serve) -> None:
    with serve("forest", request_read_seconds=0.05, idle_seconds=0.05) as client:
        with Raw(client.port) as slow, Raw(client.port) as silent:
            slow.socket.sendall(WHOLE[:60])
            assert slow.ended()
            assert silent.ended()
        assert b"inference_slow_clients_total 1.0" in client.get("/metrics").body


def test_a_client_that_vanishes_leaves_nothing_behind(serve: Serve) -> None:
    with serve("forest") as client:
        for _ in range(20):
            with Raw(client.port) as raw:
                raw.socket.sendall(WHOLE[:-5])
        with Raw(client.port) as raw:
            raw.socket.sendall(WHOLE)
        wait_until(lambda: not client.server.server_state.connections and not client.server.server_state.tasks)
        assert client.predict(BODY).status == 200


def test_past_the_limit_an_idle_connection_makes_room(serve: Serve) -> None:
    with serve("forest", max_connections=3) as client, contextlib.ExitStack() as stack:
        idle = [stack.enter_context(Raw(client.port)) for _ in range(3)]
        wait_until(lambda: len(client.server.server_state.connections) == 3)
        newcomer = stack.enter_context(Raw(client.port))
        newcomer.socket.sendall(WHOLE)
        assert newcomer.answer()[0] == 200
        wait_until(lambda: len(client.server.server_state.connections) == 3)
        for raw in idle:
            raw.socket.settimeout(0.2)
        assert [_closed(raw) for raw in idle].count(True) == 1


def _closed(raw: Raw) -> bool:
    try:
        return raw.socket.recv(1) == b""
    except TimeoutError:
        return False


def test_past_the_limit_a_newcomer_is_closed_when_all_others_are_busy(serve: Serve) -> None:
    with serve("forest", max_connections=1) as client, Raw(client.port) as busy:
        busy.socket.sendall(WHOLE[:40])
        wait_until(lambda: any(not each.idle for each in client.server.server_state.connections))  # type: ignore[union-attr]
        with Raw(client.port) as newcomer:
            assert newcomer.ended()
        busy.socket.sendall(WHOLE[40:])
        assert busy.answer()[0] == 200


def test_a_slow_model_is_answered_for_with_504_and_fails_liveness_when_stuck(serve: Serve) -> None:
    slow = b'{"inputs": {"seconds": [0.5]}}'
    with serve("sleeper", predict_timeout_seconds=0.05, stuck_after=2) as client:
        assert client.get("/livez").status == 200
        assert [client.predict(slow).status for _ in range(2)] == [504, 504]
        assert client.get("/livez").status == 503
        assert b"inference_timeouts_total 2.0" in client.get("/metrics").body
        wait_until(lambda: client.predict(b'{"inputs": {"seconds": [0.0]}}').status == 200)
        assert client.get("/livez").status == 200


def test_a_full_queue_answers_429_and_probes_go_on(serve: Serve) -> None:
    with serve("sleeper", pyfunc_threads=1, max_queue=1) as client:
        found: list[int] = []
        body = b'{"inputs": {"seconds": [0.4]}}'
        threads = [threading.Thread(target=lambda: found.append(client.predict(body).status)) for _ in range(4)]
        for thread in threads:
            thread.start()
        assert client.get("/readyz").status == 200
        for thread in threads:
            thread.join()
    assert sorted(found) == [200, 200, 429, 429]


def test_what_a_model_raises_is_a_500_in_words(serve: Serve) -> None:
    with serve("sleeper") as client:
        reply = client.predict(b'{"inputs": {"seconds": [-1.0]}}', traceparent=f"00-{'a' * 32}-{'b' * 16}-01")
        assert reply.status in (400, 500)
        assert "Traceback" not in reply.json["detail"]
