"""What Prometheus and Alertmanager say of a release, as `make smoke_prod` shows it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from rich.table import Table

from slipway.cli.kubectl import forwarded
from slipway.cli.session import Failure, ReleaseKey
from slipway.cli.view import plain_table

FIGURES = {
    "requests/s": ("release:inference_requests:rate{%s}", "{:.1f}"),
    "p95": ("release:inference_request_duration_seconds:p95{%s}", "{:.3f} s"),
    "slow": ("release:inference_slow_requests:rate{%s} / (release:inference_requests:rate > 0)", "{:.1%}"),
    "errors": ("release:inference_failed_requests:rate{%s} / (release:inference_requests:rate > 0)", "{:.1%}"),
}
BURNS = "BudgetBurn"
"""The alerts that load brings about end so."""
RESOLVED = "resolved"

Alerts = dict[str, str]
"""Alert, with its window → pending or firing."""


@dataclass
class Monitoring:
    """Both, through forwarded ports."""

    prometheus: str
    alertmanager: str
    key: ReleaseKey
    changes: list[tuple[float, str, str]] = field(default_factory=list)
    """Seconds, alert, and what it became."""
    _before: Alerts = field(default_factory=dict)

    def figures(self) -> dict[str, str]:
        """Figures of production now; a dash where there is none."""
        return {name: self._figure(query, form) for name, (query, form) in FIGURES.items()}

    def _figure(self, query: str, form: str) -> str:
        of = f'namespace="{self.key.namespace}",release="{self.key.name}"'
        found = _get(self.prometheus, "/api/v1/query", query=query % of)["data"]["result"]
        value = float(found[0]["value"][1]) if found else math.nan
        return "-" if math.isnan(value) else form.format(value)

    def alerts(self, at: float) -> Alerts:
        """The burn-rate alerts of the release; remembers what changed since the last look, `at` in seconds."""
        found = _get(self.prometheus, "/api/v1/alerts")["data"]["alerts"]
        now = {self._name(a["labels"]): a["state"] for a in found if self._ours(a["labels"])}
        for name in sorted({*now, *self._before}):
            if now.get(name) != self._before.get(name):
                self.changes.append((at, name, now.get(name, RESOLVED)))
        self._before = now
        return now

    def delivered(self) -> set[str]:
        """Those that Alertmanager has active."""
        found = _get(self.alertmanager, "/api/v2/alerts")
        return {self._name(a["labels"]) for a in found if self._ours(a["labels"])}

    def _ours(self, labels: Mapping[str, str]) -> bool:
        mine = (labels.get("namespace"), labels.get("release")) == (self.key.namespace, self.key.name)
        return mine and labels["alertname"].endswith(BURNS)

    def _name(self, labels: Mapping[str, str]) -> str:
        return f"{labels['alertname']} ({labels['window']})"


@contextmanager
def monitoring(key: ReleaseKey) -> Iterator[Monitoring]:
    """Prometheus and Alertmanager for as long as the context lasts. Raises Failure."""
    try:
        with (
            forwarded("monitoring", "service/prometheus-operated", 9090) as prometheus,
            forwarded("monitoring", "service/alertmanager-operated", 9093) as alertmanager,
        ):
            yield Monitoring(prometheus, alertmanager, key)
    except URLError as error:
        raise Failure(f"Prometheus does not answer: {error}; run: make monitor_up") from error


def _get(url: str, path: str, **query: str) -> Any:
    with urlopen(f"{url}{path}?{urlencode(query)}", timeout=10) as answer:
        return json.load(answer)


def screen(title: str, figures: Mapping[str, str], alerts: Alerts, delivered: set[str]) -> Table:
    """The figures, and below them the alerts."""
    table = plain_table(*(name.upper() for name in figures), title)
    table.add_row(*(f"[bold]{figure}[/]" for figure in figures.values()), "")
    colours = {"pending": "yellow", "firing": "red"}
    for name, state in sorted(alerts.items()):
        told = "  in Alertmanager" if name in delivered else ""
        table.add_row(*("" for _ in figures), f"[{colours.get(state, 'white')}]{name}: {state}[/]{told}")
    return table
