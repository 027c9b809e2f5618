"""Starting the servers that are measured, one at a time, on 127.0.0.1."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.serving.peers import ROOT


@dataclass(frozen=True)
class Server:
    """How one server is started; `{port}` in the command is replaced."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Running:
    """A server that answered its first prediction `start_seconds` after its process began."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    start_seconds: float

    @property
    def url(self) -> str:
        """Where predictions are asked for."""
        return f"http://127.0.0.1:{self.port}/invocations"

    @property
    def probe(self) -> str:
        """Where Kubernetes would ask."""
        return f"http://127.0.0.1:{self.port}/readyz"

    def processor_seconds(self) -> float:
        """What the process and its children have used of the processors, in seconds."""
        return sum(_used(pid) for pid in _family(self.process.pid)) / os.sysconf("SC_CLK_TCK")

    def keep_to(self, processor: int) -> None:
        """Run on this processor alone from now on."""
        for pid in _family(self.process.pid):
            for thread in Path(f"/proc/{pid}/task").iterdir():
                os.sched_setaffinity(int(thread.name), {processor})

    def memory(self) -> float:
        """Proportional resident memory of the process and its children, in MB (10^6 bytes)."""
        return sum(_proportional(pid) for pid in _family(self.process.pid)) / 1000


def slipway(name: str, programs: Path, directory: Path, module: str = "slipway_server") -> Server:
    """Our own, as in the image that serves; `module` is what Python runs."""
    command = (str(programs / "python"), "-m", module, "serve", "--model", str(directory), "--port", "{port}")
    more = {
        "SLIPWAY_ALLOW_CODE": "true",
        "SLIPWAY_LAME_DUCK_SECONDS": "0",
        "PYTHONPATH": f"{ROOT / 'server'}:{ROOT / 'contract'}",
    }
    return Server(name, command, more)


def raw() -> Server:
    """The limit."""
    command = (sys.executable, "-m", "uvicorn", "benchmarks.serving.raw:app", "--port", "{port}", "--loop", "uvloop")
    return Server("raw ASGI", (*command, "--http", "httptools", "--no-access-log", "--log-level", "warning"))


def mlflow(programs: Path, model: Path) -> Server:
    """`mlflow models serve`."""
    command = (str(programs / "mlflow"), "models", "serve", "-m", str(model), "--env-manager", "local", "-p", "{port}")
    return Server("mlflow", command, {"PATH": f"{programs}:{os.environ['PATH']}", "MLFLOW_DISABLE_TELEMETRY": "true"})


def mlserver(programs: Path, model: Path, folder: Path) -> Server:
    """MLServer with its MLflow runtime, in the process that answers: faster than its default of worker processes."""
    folder.mkdir(parents=True, exist_ok=True)
    about = {"name": "m", "implementation": "mlserver_mlflow.MLflowRuntime", "parameters": {"uri": str(model)}}
    (folder / "model-settings.json").write_text(json.dumps(about))
    more = {"MLSERVER_PARALLEL_WORKERS": "0", "MLSERVER_GRPC_PORT": str(free_port())}
    more |= {"MLSERVER_METRICS_PORT": str(free_port()), "MLSERVER_DEBUG": "false", "MLSERVER_HTTP_PORT": "{port}"}
    return Server("mlserver", (str(programs / "mlserver"), "start", str(folder)), more)


@contextmanager
def running(server: Server, body: Path, patience: float = 180.0) -> Iterator[Running]:
    """Start, wait for the first prediction, and stop in the end."""
    port = free_port()
    command = [part.replace("{port}", str(port)) for part in server.command]
    more = {name: value.replace("{port}", str(port)) for name, value in server.environment.items()}
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        env=os.environ | more,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while not _answers(port, body):
            if process.poll() is not None or time.perf_counter() - began > patience:
                raise SystemExit(f"{server.name} does not start: {' '.join(command)}")
            time.sleep(0.005)
        yield Running(server.name, port, process, time.perf_counter() - began)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _answers(port: int, body: Path) -> bool:
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/invocations", body.read_bytes(), headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status) == 200
    except (urllib.error.URLError, OSError):
        return False


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    found = [int(child) for child in children.read_text().split()] if children.exists() else []
    return [pid, *(each for child in found for each in _family(child))]


def _proportional(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _used(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12])
