"""What Prometheus reads at `/metrics`.

The counters are plain doubles in shared memory, one row per worker process: counting costs a few hundred nanoseconds,
and whichever worker is asked answers for all. prometheus-client writes the exposition.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from slipway_contract import series
from slipway_server.observing.counters import Block, Histogram

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.5, 1.0, 2.5, 5.0)
BATCHES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 256.0, 1024.0, 4096.0)
PREDICTIONS = series.PREDICTIONS
ROUTES = (*PREDICTIONS, *series.OTHERS)
CODES = (200, 400, 404, 405, 408, 411, 413, 415, 422, 429, 499, 500, 503, 504)
FROM_THE_START = {(route, code) for route in PREDICTIONS for code in series.FROM_THE_START}
"""Shown at 0: Prometheus sees no increase in a series that begins with the first error."""
INFO = ("model_name", "model_version", "revision", "digest", "flavor", "kind")
CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


def buckets(threshold: float) -> Sequence[float]:
    """The histogram's upper bounds in seconds, the objective's own threshold among them."""
    return sorted({*BUCKETS, threshold}) if threshold > 0 else BUCKETS


class Source(Protocol):
    """Something else with metrics of its own."""

    def collect(self) -> Iterator[Metric]:
        """prometheus-client's side of a collector."""
        ...


class Metrics:
    """The counters of one server; `worker` is this process's number among `workers`."""

    def __init__(self, threshold: float, workers: int = 1) -> None:
        self.codes = {(route, code): i for i, (route, code) in enumerate((r, c) for r in ROUTES for c in CODES)}
        self.durations: dict[str, Histogram] = {}
        self.bulk: dict[str, Histogram] = {}
        end = len(self.codes)
        for family in (self.durations, self.bulk):
            for route in ROUTES:
                family[route] = Histogram(buckets(threshold), end)
                end = family[route].end
        self.batches = Histogram(BATCHES, end)
        self.in_flight = self.batches.end
        self.timeouts = self.in_flight + 1
        self.cut = self.timeouts + 1
        self.block = Block(self.cut + 1, workers)
        self.info: dict[str, str] = {}
        self.model: Source | None = None
        self.be(0)

    def be(self, worker: int) -> None:
        """Count as this worker from now on; a worker that replaces a dead one has nothing in flight yet."""
        self.cells = self.block.row(worker)
        self.cells[self.in_flight] = 0.0

    def flying(self, change: float) -> None:
        """One request more (1.0) or less (-1.0) is being answered."""
        self.cells[self.in_flight] += change

    def answered(self, route: str, code: int, seconds: float, *, apart: bool = False) -> None:
        """A request has been answered. `apart`: no objective may judge how long it took."""
        cell = self.codes.get((route, code))
        if cell is None:  # a code that nobody foresaw
            cell = self.codes[route, 400 if 400 <= code < 500 else 500]
        self.cells[cell] += 1.0
        (self.bulk if apart else self.durations)[route].add(self.cells, seconds)

    def answered_together(self, route: str, code: int, seconds: Sequence[float]) -> None:
        """Several requests have been answered at once."""
        self.cells[self.codes[route, code]] += len(seconds)
        self.durations[route].add_all(self.cells, seconds)

    def batch(self, rows: int) -> None:
        """The model was called with `rows` rows."""
        self.batches.add(self.cells, rows)

    def timed_out(self) -> None:
        """A prediction did not come back in time."""
        self.cells[self.timeouts] += 1.0

    def cut_off(self, connections: int) -> None:
        """Connections were cut because their clients were too slow."""
        self.cells[self.cut] += connections

    def render(self) -> bytes:
        """The exposition text."""
        registry = CollectorRegistry()
        registry.register(self)
        return generate_latest(registry)

    def requests(self, routes: Sequence[str]) -> Iterator[Metric]:
        """How many requests of these routes were answered, how fast, and how many are being answered."""
        total = self.block.total
        requests = CounterMetricFamily(series.REQUESTS, "Requests answered.", labels=["route", "code"])
        for (route, code), cell in self.codes.items():
            if route in routes and (total(cell) or (route, code) in FROM_THE_START):
                requests.add_metric([route, str(code)], total(cell))
        yield requests
        for name, about, family in (
            ("request", "Seconds from a whole request to its answer.", self.durations),
            ("bulk_request", "The same of requests that no objective judges: of many rows.", self.bulk),
        ):
            seconds = HistogramMetricFamily(f"inference_{name}_duration_seconds", about, labels=["route"])
            for route in routes:
                seconds.add_metric([route], *family[route].cumulated(self.block))
            yield seconds
        yield GaugeMetricFamily(series.IN_FLIGHT, "Requests being answered.", total(self.in_flight))

    def collect(self) -> Iterator[Metric]:
        """prometheus-client's side of a collector."""
        yield from self.requests(ROUTES)
        total = self.block.total
        rows = HistogramMetricFamily("inference_batch_rows", "Rows per call of the model.")
        rows.add_metric([], *self.batches.cumulated(self.block))
        yield rows
        yield CounterMetricFamily("inference_timeouts", "Predictions that took too long.", total(self.timeouts))
        yield CounterMetricFamily("inference_slow_clients", "Connections cut for slowness.", total(self.cut))
        info = GaugeMetricFamily(series.INFO, "The model served.", labels=INFO)
        if self.info:
            info.add_metric([self.info[name] for name in INFO], 1.0)
        yield info
        if self.model is not None:
            yield from self.model.collect()
