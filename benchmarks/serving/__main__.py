"""`python -m benchmarks.serving`: install the peers, run the comparisons interleaved, write docs/performance.md."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.serving import load, models, peers, report, servers
from benchmarks.serving.cells import Cell, cells
from benchmarks.serving.load import Load
from benchmarks.serving.report import Measured

PAGE = peers.ROOT / "docs" / "performance.md"


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds; medians of fewer than 5 say little")
    parser.add_argument("--seconds", type=float, default=4.0, help="length of each run")
    parser.add_argument("--only", default="", help="only the comparisons whose title holds this")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/performance.md")
    parser.add_argument("--folder", type=Path, default=peers.ROOT / ".tools" / "serving", help="environments, models")
    asked = parser.parse_args()
    load.needed()
    asked.folder.mkdir(parents=True, exist_ok=True)
    saved = models.save(asked.folder)
    found = [
        compared(cell, saved, asked.folder, asked.rounds) for cell in cells(asked.seconds) if asked.only in cell.title
    ]
    text = "\n".join([report.machine(asked.rounds), "", *map(report.table, found), at_a_rate(saved, asked.folder)])
    print(text)
    if asked.write:
        report.write(PAGE, text)


def compared(cell: Cell, saved: dict[str, Path], folder: Path, rounds: int) -> Measured:
    """Measure one comparison: every server once per round, so that they meet the same noise."""
    body = models.body(saved[cell.model], cell.rows, folder / f"{cell.model}-{cell.rows}.body")
    measured = Measured(cell)
    contestants = [_ours(cell, saved, folder), *(_peer(name, cell, saved, folder) for name in cell.targets)]
    for number in range(rounds):
        for server in contestants:
            name = "slipway" if server is contestants[0] else server.name
            with servers.running(server, body) as running:
                load.run(running.url, body, Load(cell.load.connections, 1.0))
                result = load.run(running.url, body, cell.load)
                measured.results.setdefault(name, []).append(result)
                measured.starts.setdefault(name, []).append(running.start_seconds)
                measured.memory.setdefault(name, []).append(running.memory())
            print(f"{cell.title}, round {number + 1}, {name}: {result.per_second:,.0f}/s", flush=True)
    return measured


def at_a_rate(saved: dict[str, Path], folder: Path, rate: int = 1000) -> str:
    """Our latency at a fixed rate of requests."""
    body = models.body(saved["forest"], 1, folder / "forest-1.body")
    models.prepared(saved["forest"], folder / "forest-compiled")
    with servers.running(servers.slipway("slipway", folder / "forest-compiled"), body) as running:
        load.run(running.url, body, Load(100, 2.0, rate))
        result = load.run(running.url, body, Load(100, 8.0, rate))
    figures = f"p50 {result.p50:.1f} ms, p95 {result.p95:.1f} ms, p99 {result.p99:.1f} ms"
    return (
        f"### Open loop\n\nAt {result.per_second:,.0f} requests/s (asked: {rate}): {figures} (asked: p95 3, p99 10).\n"
    )


def _ours(cell: Cell, saved: dict[str, Path], folder: Path) -> servers.Server:
    out = folder / f"{cell.model}-{cell.ours}"
    more = {"SLIPWAY_ALLOW_CODE": "true", "SLIPWAY_COMPILE": str(cell.ours == "compiled").lower()}
    done = models.prepared(saved[cell.model], out, **more)
    assert done["compiled"] == (cell.ours == "compiled"), done["why"]
    return servers.slipway(f"slipway ({cell.ours})", out)


def _peer(name: str, cell: Cell, saved: dict[str, Path], folder: Path) -> servers.Server:
    model = saved[cell.model]
    if name == "raw ASGI":
        return servers.raw()
    if name == "mlflow":
        return servers.mlflow(peers.environment(folder, "mlflow", peers.MLFLOW), model)
    programs = peers.environment(folder, "mlserver", peers.MLSERVER)
    return servers.mlserver(programs, model, folder / f"mlserver-{cell.model}")


if __name__ == "__main__":
    main()
