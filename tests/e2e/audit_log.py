"""The audit log on the real cluster: the store in the operator's pod, and the commands that read it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.operator_pod import NAMESPACE, Operator

DATABASE = "/var/lib/slipway/audit.db"
_COPY = f"""
import sqlite3, sys
source, copy = sqlite3.connect({DATABASE!r}), sqlite3.connect("/tmp/copy.db")
source.backup(copy); copy.close()
sys.stdout.buffer.write(open("/tmp/copy.db", "rb").read())
"""
_LOCK = f"""
import select, sqlite3, sys
connection = sqlite3.connect({DATABASE!r}, isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
select.select([sys.stdin], [], [], float(sys.argv[1]))
"""


@dataclass(frozen=True)
class Done:
    """What a command said, and its exit code."""

    code: int
    said: str


def slipway(*arguments: object) -> Done:
    """`slipway audit …`, as a user types it."""
    command = [str(Path(sys.executable).with_name("slipway")), "audit", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    return Done(done.returncode, done.stdout + done.stderr)


def export(folder: Path) -> list[dict[str, Any]]:
    """Every record of the operator's log."""
    out = folder / "audit.jsonl"
    done = slipway("export", "--out", out)
    assert done.code == 0, done.said
    return [json.loads(line) for line in out.read_text().splitlines()]


def of_release(records: list[dict[str, Any]], namespace: str, release: str) -> list[dict[str, Any]]:
    """The records of one release."""
    return [r for r in records if (r["namespace"], r["release"]) == (namespace, release)]


def effects(records: list[dict[str, Any]], outcome: str, *names: str) -> Counter[str]:
    """How often each effect among `names` has this outcome."""
    return Counter(r["effect"] for r in records if r["outcome"] == outcome and r["effect"] in names)


def copied(operator: Operator, path: Path) -> None:
    """A copy of the operator's SQLite database."""
    command = ["kubectl", "-n", NAMESPACE, "exec", operator.pod(), "--", "python", "-c", _COPY]
    path.write_bytes(subprocess.run(command, capture_output=True, timeout=60, check=True).stdout)


class Outage:
    """The store cannot be written to: somebody else holds its lock. Ends after `seconds` at the latest."""

    def __init__(self, operator: Operator, seconds: float) -> None:
        command = ["kubectl", "-n", NAMESPACE, "exec", "-i", operator.pod(), "--", "python", "-c", _LOCK, str(seconds)]
        self._lock = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._lock.stdout is not None
        assert self._lock.stdout.readline() == "locked\n"

    def lasts(self) -> bool:
        """Whether it has not ended by itself."""
        return self._lock.poll() is None

    def over(self) -> None:
        """End it."""
        self._lock.communicate(timeout=30)
