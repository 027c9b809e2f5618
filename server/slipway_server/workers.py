"""Several processes on one port: a parent that holds the socket, forks, passes signals on and replaces the dead."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from types import FrameType

GIVE_UP = 3
TOO_SOON_SECONDS = 5.0


def listen(port: int, backlog: int = 2048) -> socket.socket:
    """A listening socket on every address. Raises OSError when the port is taken."""
    found = socket.create_server(("0.0.0.0", port), backlog=backlog, reuse_port=False)
    found.setblocking(False)
    return found


class Parent:
    """Runs `work(number)` in `count` processes; `work` returns the process's exit code."""

    def __init__(self, count: int, work: Callable[[int], int]) -> None:
        self.count = count
        self.work = work
        self.children: dict[int, tuple[int, float]] = {}
        self.stopping = False

    def run(self) -> int:
        """Return when all workers are gone: 0 after a signal, the worker's code when one can't start at all."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._pass_on)
        for number in range(self.count):
            self._start(number)
        code = 0
        while self.children:
            pid, status = os.wait()
            number, started = self.children.pop(pid, (-1, 0.0))
            ended = os.waitstatus_to_exitcode(status)
            if self.stopping or number < 0:
                continue
            if ended == GIVE_UP or time.monotonic() - started < TOO_SOON_SECONDS:
                code = ended if ended > 0 else 1
                self._pass_on(signal.SIGTERM, None)
            else:
                sys.stderr.write(f"slipway-server: worker {number} ended with {ended}; starting another\n")
                self._start(number)
        return code

    def _start(self, number: int) -> None:
        pid = os.fork()
        if pid == 0:
            for name in (signal.SIGTERM, signal.SIGINT):
                signal.signal(name, signal.SIG_DFL)
            code = 1
            try:
                code = self.work(number)
            finally:
                os._exit(code)
        self.children[pid] = (number, time.monotonic())

    def _pass_on(self, number: int, _frame: FrameType | None) -> None:
        self.stopping = True
        for pid in self.children:
            os.kill(pid, number)
