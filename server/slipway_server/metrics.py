"""What Prometheus reads at `/metrics`."""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.5, 1.0, 2.5, 5.0)
CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


def buckets(threshold: float) -> Sequence[float]:
    """The histogram's upper bounds in seconds, the objective's own threshold among them."""
    return sorted({*BUCKETS, threshold}) if threshold > 0 else BUCKETS


class Metrics:
    """The process's counters."""

    def __init__(self, threshold: float) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "inference_requests_total", "Requests answered.", ["route", "code"], registry=self.registry
        )
        self.duration = Histogram(
            "inference_request_duration_seconds",
            "Seconds from a request's headers to its answer.",
            ["route"],
            buckets=buckets(threshold),
            registry=self.registry,
        )
        self.in_flight = Gauge("inference_in_flight_requests", "Requests being answered.", registry=self.registry)
        self.model = Gauge("inference_model_info", "The model served.", list(INFO), registry=self.registry)

    def observe(self, route: str, code: int, seconds: float) -> None:
        """Count one answered request."""
        self.requests.labels(route, str(code)).inc()
        self.duration.labels(route).observe(seconds)

    def describe(self, info: dict[str, str]) -> None:
        """Say which model is served; `info` has the keys of `INFO`."""
        self.model.clear()
        self.model.labels(**info).set(1)

    def render(self) -> bytes:
        """The exposition text."""
        return generate_latest(self.registry)


INFO = ("model_name", "model_version", "revision", "digest", "flavor", "kind")
