"""Prometheus and Alertmanager in the cluster, asked over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from slipway.cli.kubectl import forwarded


@dataclass(frozen=True)
class Prometheus:
    """Both of them."""

    url: str
    alertmanager: str

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series of `expression` now."""
        return list(self._get(f"{self.url}/api/v1/query", query=expression)["data"]["result"])

    def value(self, expression: str) -> float | None:
        """The value of the first of them."""
        found = self.query(expression)
        return float(found[0]["value"][1]) if found else None

    def targets(self, release: str) -> dict[str, str]:
        """Pod → health of every target of a release."""
        active = self._get(f"{self.url}/api/v1/targets", state="active")["data"]["activeTargets"]
        return {t["labels"]["pod"]: t["health"] for t in active if t["labels"].get("release") == release}

    def delivered(self, release: str) -> set[str]:
        """Names of the alerts that Alertmanager has of a release."""
        found = self._get(f"{self.alertmanager}/api/v2/alerts", active="true", inhibited="true")
        return {a["labels"]["alertname"] for a in found if a["labels"].get("release") == release}

    def _get(self, url: str, **query: str) -> Any:
        with urlopen(f"{url}?{urlencode(query)}", timeout=10) as answer:
            return json.load(answer)


@contextmanager
def prometheus() -> Iterator[Prometheus]:
    """Through forwarded ports."""
    with (
        forwarded("monitoring", "service/prometheus-operated", 9090) as url,
        forwarded("monitoring", "service/alertmanager-operated", 9093) as alertmanager,
    ):
        yield Prometheus(url, alertmanager)
