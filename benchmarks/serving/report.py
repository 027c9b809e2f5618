"""The measurements as tables of docs/performance.md."""

from __future__ import annotations

import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.serving.cells import Cell
from benchmarks.serving.load import Result

BEGIN, END = "<!-- serving: begin -->", "<!-- serving: end -->"


@dataclass
class Measured:
    """Everything about one cell: results by server, one per round."""

    cell: Cell
    results: dict[str, list[Result]] = field(default_factory=dict)
    starts: dict[str, list[float]] = field(default_factory=dict)
    memory: dict[str, list[float]] = field(default_factory=dict)


def median(values: Sequence[float]) -> float:
    """The median; 0 for nothing."""
    return statistics.median(values) if values else 0.0


def ratio(measured: Measured, peer: str) -> float:
    """Our requests per second over the peer's: the median over rounds of the ratio within a round."""
    ours, theirs = measured.results["slipway"], measured.results[peer]
    return median([a.per_second / b.per_second for a, b in zip(ours, theirs, strict=True)])


def table(measured: Measured) -> str:
    """One comparison."""
    lines = [f"### {measured.cell.title}", ""]
    lines += ["| server | requests/s | p50 ms | p95 ms | p99 ms | errors | first answer s | memory MB |"]
    lines += ["|---|---|---|---|---|---|---|---|"]
    for name, results in measured.results.items():
        figures = [median([getattr(result, key) for result in results]) for key in ("per_second", "p50", "p95", "p99")]
        shown = [f"{figures[0]:,.0f}", *(f"{figure:.2f}" for figure in figures[1:])]
        errors = sum(result.errors for result in results)
        start, memory = median(measured.starts[name]), median(measured.memory[name])
        lines.append(f"| {name} | {' | '.join(shown)} | {errors} | {start:.2f} | {memory:.0f} |")
    targets = [
        f"{ratio(measured, peer):.3g} × {peer} (asked: {least:g})" for peer, least in measured.cell.targets.items()
    ]
    return "\n".join([*lines, "", "Slipway is " + ", ".join(targets) + ".", ""])


def machine(rounds: int) -> str:
    """What it ran on."""
    model = next(
        (line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")), platform.processor()
    )
    count = sum(line.startswith("processor") for line in _cpuinfo())
    return (
        f"{count} × {model}, Python {platform.python_version()}; load generator on the same processors; "
        f"medians of {rounds} interleaved rounds."
    )


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def write(page: Path, text: str) -> None:
    """Replace what stands between the marks of `page`."""
    content = page.read_text()
    before, _, rest = content.partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}")
