"""The rounds: every server once per round, so that all meet the same noise."""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.serving import load, models, peers, servers
from benchmarks.serving.cells import (
    ENTRANTS,
    MLFLOW,
    MLSERVER,
    NATIVE,
    ONE,
    OURS,
    RAW,
    ROWS,
    UNCOUNTED,
    Entrant,
    load_of,
)
from benchmarks.serving.load import Load, Result

RATE = Load(20, 5, 1000)
PROBES = Load(2, 3, 100)
COUNTING_SECONDS = 2


@dataclass(frozen=True)
class Bench:
    """Where models and environments lie, and how long each load lasts."""

    folder: Path
    seconds: int
    saved: dict[str, Path]


@dataclass
class Samples:
    """Everything that was measured: one value per round."""

    results: dict[tuple[str, str, str], list[Result]] = field(default_factory=lambda: defaultdict(list))
    processor: dict[tuple[str, str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    starts: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    memory: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    probes: dict[str, list[Result]] = field(default_factory=lambda: defaultdict(list))
    open_loop: list[Result] = field(default_factory=list)
    compiling: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    counting: list[float] = field(default_factory=list)
    """The share of the processor time that counters took, one value per start."""


def run(bench: Bench, samples: Samples, only: str) -> None:
    """One round."""
    for name in ("forest", "logistic"):
        if only in name:
            report = models.prepared(bench.saved[name], bench.folder / f"{name}-{OURS}", compile=True)
            samples.compiling[name].append(report["compile_seconds"])
    for entrant in ENTRANTS:
        if only in entrant.model:
            _entrant(bench, entrant, samples)


def _entrant(bench: Bench, entrant: Entrant, samples: Samples) -> None:
    first = _body(bench, entrant, entrant.loads[0])
    with servers.running(server(bench, entrant), first) as running:
        samples.starts[entrant.server, entrant.model].append(running.start_seconds)
        for name in entrant.loads:
            result, processor = _loaded(running, _body(bench, entrant, name), load_of(name, bench.seconds))
            samples.results[entrant.server, entrant.model, name].append(result)
            samples.processor[entrant.server, entrant.model, name].append(processor)
            print(f"  {entrant.server}, {entrant.model}, {name}: {result.per_second:,.0f}/s", flush=True)
        samples.memory[entrant.server, entrant.model].append(running.memory())
        if entrant.model == "forest" and entrant.server in (OURS, NATIVE):
            samples.probes[entrant.server].append(_probes_under_load(running, first))
        if entrant.model == "forest" and entrant.server == OURS:
            load.run(running.url, first, Load(RATE.connections, 1, RATE.rate))
            samples.open_loop.append(load.run(running.url, first, RATE))


def _loaded(running: servers.Running, body: Path, asked: Load) -> tuple[Result, float]:
    """What the generator saw, and the server's processor time per request in microseconds."""
    load.run(running.url, body, Load(asked.connections, 1))
    before = running.processor_seconds()
    result = load.run(running.url, body, asked)
    return result, (running.processor_seconds() - before) / max(result.requests, 1) * 1e6


def _probes_under_load(running: servers.Running, body: Path) -> Result:
    """Probes a hundred times a second, while 32 connections send as fast as they can."""
    crowd = threading.Thread(target=load.run, args=(running.url, body, Load(32, PROBES.seconds + 2)))
    crowd.start()
    try:
        return load.run(running.probe, None, PROBES)
    finally:
        crowd.join()


def _body(bench: Bench, entrant: Entrant, name: str) -> Path:
    rows = ROWS[name]
    return models.body(bench.saved[entrant.model], rows, bench.folder / f"{entrant.model}-{rows}.body")


def server(bench: Bench, entrant: Entrant) -> servers.Server:
    """How an entrant is started; what it needs is installed and fetched."""
    model, folder = bench.saved[entrant.model], bench.folder
    if entrant.server == RAW:
        return servers.raw()
    if entrant.server == MLFLOW:
        return servers.mlflow(peers.environment(folder, "mlflow", peers.MLFLOW), model)
    if entrant.server == MLSERVER:
        programs = peers.environment(folder, "mlserver", peers.MLSERVER)
        return servers.mlserver(programs, model, folder / f"mlserver-{entrant.model}")
    compiled = entrant.server != NATIVE
    out = folder / f"{entrant.model}-{OURS if compiled else NATIVE}"
    if not out.exists():
        models.prepared(model, out, compile=compiled)
    module = "benchmarks.serving.uncounted" if entrant.server == UNCOUNTED else "slipway_server"
    return servers.slipway(entrant.server, peers.environment(folder, "slipway", peers.SLIPWAY), out, module)


def counting(bench: Bench, starts: int) -> list[float]:
    """The share of processor time that counters take: our server against the one without them, one value per start.

    Both are loaded at once, each on a processor of its own together with its generator, and then with processors
    changed, so that what else the machine does meets both alike. They are started anew each time, so that what one
    process is faster or slower by for as long as it lives evens out. Needs two processors.
    """
    counted, bare = Entrant(OURS, "forest"), Entrant(UNCOUNTED, "forest")
    body, shares = _body(bench, counted, ONE), []
    for _ in range(starts):
        with servers.running(server(bench, counted), body) as ours, servers.running(server(bench, bare), body) as other:
            turns = [_side_by_side((ours, other), body), _side_by_side((other, ours), body)]
            with_, without = (sum(turn[each.port] for turn in turns) for each in (ours, other))
            shares.append(1 - without / with_)
            print(f"  counting: {shares[-1]:.1%}", flush=True)
    return shares


def _side_by_side(pair: tuple[servers.Running, servers.Running], body: Path) -> dict[int, float]:
    """Processor time per request in microseconds of both, loaded at once on the first and the second processor."""

    def loaded(running: servers.Running, processor: int) -> tuple[int, float]:
        running.keep_to(processor)
        os.sched_setaffinity(0, {processor})  # this thread, and the generator that it starts
        return running.port, _loaded(running, body, load_of(ONE, COUNTING_SECONDS))[1]

    processors = sorted(os.sched_getaffinity(0))[:2]
    with ThreadPoolExecutor(len(pair)) as pool:
        return dict(pool.map(loaded, pair, processors))


def growth(bench: Bench, before: int, after: int) -> tuple[float, float]:
    """Memory in MB after so many requests, and after so many more: to see whether it grows."""
    entrant = Entrant(OURS, "forest")
    body = _body(bench, entrant, entrant.loads[0])
    with servers.running(server(bench, entrant), body) as running:
        found = []
        for wanted in (before, after):
            answered = 0
            while answered < wanted:
                answered += load.run(running.url, body, Load(32, 5)).requests
            found.append(running.memory())
    return found[0], found[1]
