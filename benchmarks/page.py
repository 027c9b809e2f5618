"""What the benchmarks write: a section of docs/performance.md between two marks, and every raw sample."""

from __future__ import annotations

import json
import math
import platform
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "performance.md"
RAW = ROOT / "artifacts"
CPUINFO = Path("/proc/cpuinfo")


def write(mark: str, text: str) -> None:
    """Replace what stands between the marks of `mark`."""
    begin, end = f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
    content = PAGE.read_text()
    if begin not in content or end not in content:
        raise SystemExit(f"{PAGE} has no marks {begin} and {end}")
    before, _, rest = content.partition(begin)
    _, _, after = rest.partition(end)
    PAGE.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")


def keep(name: str, samples: Any) -> None:
    """Keep raw samples in artifacts/NAME.json."""
    RAW.mkdir(exist_ok=True)
    (RAW / f"{name}.json").write_text(json.dumps(samples, indent=1) + "\n")


def machine() -> str:
    """What it ran on."""
    lines = CPUINFO.read_text().splitlines() if CPUINFO.exists() else []
    models = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    count, model = len(models) or 1, models[0] if models else platform.processor()
    return f"{count} × {model}, Linux {platform.release()}, one kind node; the load is generated on the same processors"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[math.ceil(round(len(ordered) * share, 6)) - 1] if ordered else float("nan")


def median(values: Sequence[float]) -> float:
    """The median; nan for nothing."""
    return statistics.median(values) if values else float("nan")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])
