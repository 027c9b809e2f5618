"""kubectl, as a user types it."""

from __future__ import annotations

import json
import subprocess
from typing import Any

PATIENCE_SECONDS = 240.0


class Refused(AssertionError):
    """kubectl ended with an error; the text is what it said."""


def kubectl(*arguments: str, manifest: dict[str, Any] | None = None) -> str:
    """What kubectl prints. Raises Refused."""
    done = subprocess.run(
        ["kubectl", *arguments],
        input=None if manifest is None else json.dumps(manifest),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise Refused(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def whoami() -> str:
    """Whom the API server knows us as."""
    return kubectl("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}")
