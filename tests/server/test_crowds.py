"""Ten thousand connections that say nothing, and clients that misbehave: bounded memory, no stuck worker."""

from __future__ import annotations

import contextlib
import resource
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.server.wire import Raw, free_port, process, status, wait_until

BODY = b'{"inputs": [[1, 2, 3, 4]]}'
WHOLE = b"POST /invocations HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%s" % (len(BODY), BODY)
CROWD = 10_000
ALLOWED_MB = 60


@pytest.fixture
def many_files() -> Iterator[None]:
    """Leave to hold as many connections as the test opens."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, CROWD + 2000)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def resident(server: subprocess.Popen[bytes]) -> float:
    """Resident memory in MB."""
    lines = Path(f"/proc/{server.pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1000


def answers(port: int) -> bool:
    """Whether a new client gets its prediction."""
    with Raw(port) as raw:
        raw.socket.sendall(WHOLE)
        return raw.answer()[0] == 200


@contextlib.contextmanager
def serving(model: Path, **settings: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """A server in a process of its own, ready."""
    port = free_port()
    with process("serve", "--model", str(model), "--port", str(port), **settings) as server:
        wait_until(lambda: status(port, "/readyz") == 200)
        assert answers(port)
        yield port, server


@pytest.mark.usefixtures("many_files")
def test_ten_thousand_idle_connections(fetched: Callable[[str], Path]) -> None:
    with serving(fetched("forest"), SLIPWAY_IDLE_SECONDS="60") as (port, server):
        before = resident(server)
        crowd = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(CROWD)]
        try:
            assert answers(port)
            assert resident(server) - before < ALLOWED_MB
        finally:
            for each in crowd:
                each.close()
        assert answers(port)


def test_clients_that_vanish_send_rubbish_or_never_finish(fetched: Callable[[str], Path]) -> None:
    with serving(fetched("forest"), SLIPWAY_REQUEST_READ_SECONDS="0.5", SLIPWAY_IDLE_SECONDS="0.5") as (port, server):
        before = resident(server)
        with contextlib.ExitStack() as never_finish:
            for number in range(600):
                sent = (WHOLE, WHOLE[:50], WHOLE[:-3], b"\x16\x03\x01\x02\x00", b"GET " + b"x" * 2000)[number % 5]
                with Raw(port) as raw:
                    raw.socket.sendall(sent)
                if number % 10 == 0:
                    slow = never_finish.enter_context(Raw(port))
                    slow.socket.sendall(WHOLE[: 10 + number % 60])
            assert answers(port)
            wait_until(lambda: slow.ended())
        assert answers(port)
        assert resident(server) - before < ALLOWED_MB
