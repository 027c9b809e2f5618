"""The panels of the board that is installed in the cluster, with what Prometheus has of one release."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from slipway.cli.registry import operators_settings, reachable
from slipway.cli.session import Failure, ReleaseKey
from slipway.cluster.port import Cluster
from slipway.report.board import PanelQuery, named, queries
from slipway.report.story import Panel, Series

BOARD = "w7-inference-overview.json"
DRAWN = "timeseries"
POINTS = 240
"""How many points a curve has at most."""
SHORTEST_STEP_SECONDS = 5.0
TIMEOUT_SECONDS = 20


async def installed(cluster: Cluster, operator_namespace: str) -> Mapping[str, Any] | None:
    """The board, as the operator's chart installed it for Grafana; None where it did not."""
    for found in await cluster.list("ConfigMap", operator_namespace, {"app.kubernetes.io/name": "slipway"}):
        if BOARD in found.get("data", {}):
            board: Mapping[str, Any] = json.loads(found["data"][BOARD])
            return board
    return None


async def configured_prometheus(cluster: Cluster, operator_namespace: str) -> str | None:
    """The Prometheus that the operator judges by; None where it reads the pods themselves. Raises Failure."""
    known = [s.prometheus.url for s in await operators_settings(cluster, operator_namespace) if s.prometheus]
    return known[0] if known else None


def drawn(board: Mapping[str, Any], key: ReleaseKey, url: str, window: float) -> tuple[Panel, ...]:
    """The board's curves over the last `window` seconds, from the Prometheus at `url`. Raises Failure."""
    asked = [q for q in queries(board, {"namespace": key.namespace, "release": key.name}) if q.kind == DRAWN]
    with reachable(url) as here:
        return tuple(
            Panel(title, unit, tuple(each for query in group for each in _series(here, query, window)))
            for (title, unit), group in groupby(asked, key=lambda query: (query.panel, query.unit))
        )


def _series(url: str, query: PanelQuery, window: float) -> list[Series]:
    now = datetime.now(UTC).timestamp()
    step = max(SHORTEST_STEP_SECONDS, window / POINTS)
    asked = urlencode({"query": query.expression, "start": now - window, "end": now, "step": step})
    try:
        with urllib.request.urlopen(f"{url}/api/v1/query_range?{asked}", timeout=TIMEOUT_SECONDS) as answer:
            found = json.load(answer)["data"]["result"]
        return [Series(named(query.legend, s["metric"]), _points(s["values"])) for s in found]
    except (urllib.error.URLError, OSError, ValueError, KeyError, TypeError) as error:
        raise Failure(f"Prometheus at {url} cannot be asked for {query.panel}: {error}; check --prometheus") from None


def _points(values: list[tuple[float, str]]) -> tuple[tuple[float, float], ...]:
    return tuple((float(at), float(value)) for at, value in values)
