"""The two things that are kubectl's: forwarding a port, and reading a log."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from slipway.cli.session import Failure

_FORWARDING = re.compile(r"Forwarding from 127\.0\.0\.1:(\d+)")
_OPERATOR = "app.kubernetes.io/name=slipway,app.kubernetes.io/component=operator"
AUDIT_LOGGER = "slipway.audit"


@contextmanager
def forwarded(namespace: str, target: str, port: int) -> Iterator[str]:
    """The URL on this host of a port of `target`, such as service/mlflow, while the context lasts. Raises Failure."""
    command = ["kubectl", "-n", namespace, "port-forward", target, f":{port}", "--address", "127.0.0.1"]
    try:
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    except FileNotFoundError:
        raise Failure("kubectl is not on the PATH; it is needed to reach a Service inside the cluster") from None
    with child:
        try:
            yield f"http://127.0.0.1:{_local_port(child, target, namespace)}"
        finally:
            child.terminate()


def _local_port(child: subprocess.Popen[str], target: str, namespace: str) -> str:
    """The port that kubectl chose, once it listens."""
    line = child.stdout.readline() if child.stdout else ""
    found = _FORWARDING.match(line)
    if found:
        return found.group(1)
    child.terminate()
    said = child.stderr.read().strip() if child.stderr else ""
    raise Failure(f"cannot forward a port to {target} in {namespace}: {said or line or 'kubectl said nothing'}")


def operator_pod(namespace: str) -> str:
    """The operator's pod, as kubectl names it: pod/NAME. Raises Failure."""
    command = ["kubectl", "-n", namespace, "get", "pods", "--selector", _OPERATOR, "--output", "name"]
    command += ["--field-selector", "status.phase=Running"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        raise Failure(f"kubectl cannot be run: {error}; it is needed to reach the operator") from None
    if found.returncode or not found.stdout.strip():
        said = found.stderr.strip() or "none is running"
        raise Failure(f"the operator's pod was not found in namespace {namespace}: {said}; use --operator-namespace")
    return found.stdout.split()[0]


def audit_entries(operator_namespace: str, since_seconds: int) -> list[dict[str, Any]]:
    """What the operator decided lately, oldest first; nothing where its log cannot be read."""
    command = ["kubectl", "-n", operator_namespace, "logs", "--selector", _OPERATOR, "--tail=-1"]
    try:
        log = subprocess.run(
            [*command, f"--since={since_seconds}s"], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return list(entries_in(log.stdout))


def entries_in(log: str) -> Iterator[dict[str, Any]]:
    """The audit entries among the lines of a log."""
    for line in log.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and entry.get("logger") == AUDIT_LOGGER:
            yield entry
