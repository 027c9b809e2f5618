"""The measurements as tables of docs/performance.md."""

from __future__ import annotations

import platform
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.serving.cells import ENTRANTS, NATIVE, OURS, RATIOS, TITLES, Ratio
from benchmarks.serving.load import Result
from benchmarks.serving.rounds import Samples

HEAD = ("server", "load", "requests/s", "p50 ms", "p95 ms", "p99 ms", "errors")
HEAD += ("processor µs/request", "first answer s", "memory MB")
BEGIN, END = "<!-- serving: begin -->", "<!-- serving: end -->"


def median(values: Sequence[float]) -> float:
    """The median; 0 for nothing."""
    return statistics.median(values) if values else 0.0


def page(samples: Samples, rounds: int, grown: tuple[float, float] | None, requests: int) -> str:
    """Everything: what was asked and what came out, then each comparison."""
    lines = [machine(rounds), "", "| figure | asked | measured | |", "|---|---|---|---|"]
    lines += [*_ratios(samples), *_own(samples), *(_growth(grown, requests) if grown else ())]
    for model, title in TITLES.items():
        lines += _comparison(samples, model, title)
    return "\n".join(lines)


def _row(figure: str, asked: str, measured: str, good: bool) -> str:
    return f"| {figure} | {asked} | {measured} | {'met' if good else '**missed**'} |"


def ratio(samples: Samples, asked: Ratio) -> float:
    """Our requests per second over the peer's: the median over rounds of the ratio within a round; 0 for none."""
    ours = samples.results[asked.ours, asked.model, asked.load]
    theirs = samples.results[asked.peer, asked.model, asked.load]
    if not all(each.requests for each in theirs):
        return 0.0  # a peer that answered nothing in a round shows that the machine was busy, not that we are fast
    return median([a.per_second / b.per_second for a, b in zip(ours, theirs, strict=True)])


def _ratios(samples: Samples) -> Iterator[str]:
    for asked in RATIOS:
        if samples.results[asked.ours, asked.model, asked.load]:
            found = ratio(samples, asked)
            figure = f"{TITLES[asked.model]}{', not compiled' if asked.ours == NATIVE else ''}, {asked.load}"
            shown = f"{found:.3g} ×" if found else "no answer from the peer: measure again"
            yield _row(figure, f"≥ {asked.least:g} × {asked.peer}", shown, found >= asked.least)


def _own(samples: Samples) -> Iterator[str]:
    if samples.open_loop:
        p95, p99 = (median([getattr(result, key) for result in samples.open_loop]) for key in ("p95", "p99"))
        rate = median([result.per_second for result in samples.open_loop])
        good = p95 <= 3 and p99 <= 10 and rate >= 950
        found = f"{p95:.1f} ms, {p99:.1f} ms"
        yield _row(f"Open loop, {rate:,.0f} requests/s: p95, p99", "≤ 3 ms, ≤ 10 ms", found, good)
    for server, most in ((OURS, 0.8), (NATIVE, 2.5)):
        if samples.starts[server, "forest"]:
            start = median(samples.starts[server, "forest"])
            yield _row(f"{server}: start to first answer", f"≤ {most} s", f"{start:.2f} s", start <= most)
    for server, probes in samples.probes.items():
        p99 = median([result.p99 for result in probes])
        yield _row(f"{server}: probes under full load, p99", "≤ 50 ms", f"{p99:.1f} ms", p99 <= 50)
    for model, seconds in samples.compiling.items():
        yield _row(
            f"{TITLES[model]}: conversion and proof", "≤ 10 s", f"{median(seconds):.1f} s", median(seconds) <= 10
        )
    if samples.counting:
        yield counting(samples.counting)


def counting(shares: Sequence[float]) -> str:
    """The row of what counting costs, from the share at each start."""
    cost, (low, _, high) = median(shares), statistics.quantiles(shares, n=4)
    found = f"{cost:.1%} (half of {len(shares)} starts: {low:.1%} to {high:.1%})"
    return _row("Metrics: share of the server's processor time", "≤ 5 %", found, cost <= 0.05)


def _growth(grown: tuple[float, float], requests: int) -> Iterator[str]:
    first, last = grown
    yield _row(f"Memory after {requests // 10:,} requests", "≤ 90 MB", f"{first:.0f} MB", first <= 90)
    good = last - first <= max(1.0, 0.02 * first)
    yield _row(f"Growth over {requests:,} more", "none (≤ 2 %)", f"{last - first:+.1f} MB", good)


def _comparison(samples: Samples, model: str, title: str) -> Iterator[str]:
    shown = [(each.server, name) for each in ENTRANTS if each.model == model for name in each.loads]
    shown = [(server, name) for server, name in shown if samples.results[server, model, name]]
    if not shown:
        return
    yield from ("", f"### {title}", "")
    yield f"| {' | '.join(HEAD)} |"
    yield f"|{'---|' * len(HEAD)}"
    for server, name in sorted(shown, key=lambda each: each[1], reverse=True):
        results = samples.results[server, model, name]
        figures = " | ".join(_figures(results))
        processor = median(samples.processor[server, model, name])
        start, memory = median(samples.starts[server, model]), median(samples.memory[server, model])
        yield f"| {server} | {name} | {figures} | {processor:,.0f} | {start:.2f} | {memory:.0f} |"


def _figures(results: Sequence[Result]) -> Iterator[str]:
    yield f"{median([result.per_second for result in results]):,.0f}"
    for key in ("p50", "p95", "p99"):
        yield f"{median([getattr(result, key) for result in results]):.2f}"
    yield str(sum(result.errors for result in results))


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


def write_row(page: Path, row: str) -> None:
    """Replace the row of `page` that is about the same figure. Raises ValueError where there is none."""
    figure, lines = row.split("|")[1], page.read_text().splitlines()
    place = next((index for index, line in enumerate(lines) if line.startswith(f"|{figure}|")), None)
    if place is None:
        raise ValueError(f"{page} has no row about{figure}")
    page.write_text("\n".join([*lines[:place], row, *lines[place + 1 :], ""]))


def write(page: Path, text: str) -> None:
    """Replace what stands between the marks of `page`."""
    content = page.read_text()
    before, _, rest = content.partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}")
