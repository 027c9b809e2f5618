"""Servers as processes, and clients that write byte by byte."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Raw:
    """A connection that is written to and read from byte by byte."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.stream = self.socket.makefile("rb")

    def __enter__(self) -> Raw:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()
        self.socket.close()

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Read one answer."""
        status = int(self.stream.readline().split()[1])
        headers = {}
        while line := self.stream.readline().strip():
            name, _, value = line.decode().partition(": ")
            headers[name.lower()] = value
        return status, headers, self.stream.read(int(headers["content-length"]))

    def ended(self) -> bool:
        """Whether the server has closed the connection; waits for it."""
        try:
            return self.stream.read(1) == b""
        except ConnectionError:
            return True


@contextmanager
def process(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """`slipway-server` as a process of its own."""
    command = [sys.executable, "-m", "slipway_server", *arguments]
    found = subprocess.Popen(command, env=os.environ | environment, stderr=subprocess.PIPE)
    try:
        yield found
    finally:
        found.kill()
        found.communicate()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_until(reached: Callable[[], bool], patience: float = 60.0) -> None:
    """Ask again and again, until it is so."""
    until = time.monotonic() + patience
    while not reached():
        assert time.monotonic() < until
        time.sleep(0.02)


def status(port: int, path: str) -> int:
    """The status of a GET, 0 when nobody listens."""
    try:
        with Raw(port) as raw:
            raw.socket.sendall(b"GET %s HTTP/1.1\r\nhost: x\r\n\r\n" % path.encode())
            return raw.answer()[0]
    except OSError:
        return 0
