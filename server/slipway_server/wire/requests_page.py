"""`/metrics/requests`: the counters that decide about a release, and nothing else.

The operator reads it every two seconds from every pod. It is as small for a model of ten thousand features, whose drift
fills `/metrics`, as for one of four.
"""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from slipway_contract import paths
from slipway_server.observing.metrics import CONTENT_TYPE, PREDICTIONS, Metrics
from slipway_server.protocols.answers import Answer

PATH = paths.REQUESTS


class _Requests(Collector):
    def __init__(self, metrics: Metrics) -> None:
        self.metrics = metrics

    def collect(self) -> Iterable[Metric]:
        """prometheus-client's side of a collector."""
        return self.metrics.requests(PREDICTIONS)


def page(metrics: Metrics) -> Answer:
    """Requests by code, how long they took, and how many are being answered; of predictions alone."""
    return Answer(200, CONTENT_TYPE, generate_latest(_Requests(metrics)))
