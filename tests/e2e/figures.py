"""Figures that the tests measure and nobody asserts: printed, and kept in artifacts/e2e-figures.json."""

from __future__ import annotations

import json
from pathlib import Path

PLACE = Path(__file__).parents[2] / "artifacts" / "e2e-figures.json"
MEASURED: dict[str, object] = {}
"""What this run has measured so far."""


def record(name: str, value: object) -> None:
    """Keep one figure, replacing what an earlier run measured."""
    known = json.loads(PLACE.read_text()) if PLACE.exists() else {}
    PLACE.parent.mkdir(exist_ok=True)
    PLACE.write_text(json.dumps({**known, name: value}, indent=2, sort_keys=True) + "\n")
    MEASURED[name] = value
