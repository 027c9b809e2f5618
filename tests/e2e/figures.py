"""Figures that the tests measure and nobody asserts: printed, and appended to artifacts/e2e-figures.jsonl."""

from __future__ import annotations

import json
import time
from pathlib import Path

PLACE = Path(__file__).parents[2] / "artifacts" / "e2e-figures.jsonl"


def record(name: str, value: object) -> None:
    """Keep one figure. Its line is written at once, so that several workers can."""
    PLACE.parent.mkdir(exist_ok=True)
    with PLACE.open("a") as file:
        file.write(json.dumps({"at": time.time(), "name": name, "value": value}) + "\n")


def measured(since: float) -> dict[str, object]:
    """Name to value of what was measured since then, in seconds since the epoch; the last one where it was twice."""
    lines = PLACE.read_text().splitlines() if PLACE.exists() else []
    figures = map(json.loads, lines)
    return {figure["name"]: figure["value"] for figure in figures if figure["at"] >= since}
