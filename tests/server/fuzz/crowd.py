"""Clients that send what `Requests` makes, and hold the server to its word."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.server.fuzz.requests import Request, Requests

CLIENTS = 3
PATIENCE_SECONDS = 60.0
SHOWN = 600


@dataclass
class Seen:
    """The codes that came back, and what must not come back."""

    codes: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def crowd(port: int, requests: Requests, seeds: Sequence[str]) -> Seen:
    """Send a request for each seed, from several clients at once."""
    seen = Seen()
    threads = [
        threading.Thread(target=_client, args=(port, requests, seeds[first::CLIENTS], seen)) for first in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


def _client(port: int, requests: Requests, seeds: Sequence[str], seen: Seen) -> None:
    connection: _Connection | None = None
    for seed in seeds:
        request = requests.one(random.Random(seed))
        connection = connection or _Connection(port)
        try:
            status, last = connection.ask(request)
        except (OSError, ValueError, IndexError) as error:
            seen.wrong.append(f"{seed}: no answer ({error!r}) to {request.written()[:SHOWN]!r}")
            status, last = 0, True
        if status >= 500:
            seen.wrong.append(f"{seed}: {status} {connection.said[:SHOWN]!r} to {request.written()[:SHOWN]!r}")
        with seen.lock:
            seen.codes[status] += 1
        if last:
            connection.close()
            connection = None
    if connection is not None:
        connection.close()


class _Connection:
    """One connection, kept as long as the server keeps it."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
        self.stream = self.socket.makefile("rb")
        self.said = b""

    def ask(self, request: Request) -> tuple[int, bool]:
        """The answer's status, and whether the connection ends with it. Raises OSError and ValueError for no answer."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the answer may be there already
            self.socket.sendall(request.written())
        status = 100
        while status == 100:
            status = int(self.stream.readline().split()[1])
            headers = {}
            while line := self.stream.readline().strip():
                name, _, value = line.decode("latin-1").partition(": ")
                headers[name.lower()] = value
        self.said = b"" if request.method == "HEAD" else self._body(headers)
        return status, headers.get("connection") == "close" or "connection: close" in str(request.headers)

    def _body(self, headers: dict[str, str]) -> bytes:
        length = int(headers["content-length"])
        found = self.stream.read(length)
        if len(found) != length:
            raise ValueError(f"{len(found)} of {length} bytes")
        return found

    def close(self) -> None:
        """Leave."""
        self.stream.close()
        self.socket.close()
