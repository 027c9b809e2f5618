"""The panels of a Grafana board: which queries they ask for one release, as Grafana would send them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

RATE_INTERVAL = "1m"
UNITS = {"s": "seconds", "reqps": "requests/s", "ops": "1/s", "percentunit": "share", "bytes": "bytes", "short": ""}
"""Grafana's names of units, in words."""


class PanelQuery(NamedTuple):
    """One query of one panel."""

    panel: str
    expression: str
    legend: str
    unit: str = ""
    kind: str = ""
    """Grafana's type of the panel: `timeseries`, `stat`, and others."""


def panels(board: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All panels but the rows; those of a collapsed row lie inside it."""
    for panel in board["panels"]:
        yield from panels(panel) if panel["type"] == "row" and panel.get("panels") else ()
        if panel["type"] != "row":
            yield panel


def substituted(expression: str, variables: Mapping[str, str]) -> str:
    """`expression` with the board's variables, and Grafana's own one, filled in."""
    for name, value in {"__rate_interval": RATE_INTERVAL, **variables}.items():
        expression = expression.replace(f"${name}", value)
    return expression


def queries(board: Mapping[str, Any], variables: Mapping[str, str]) -> Iterator[PanelQuery]:
    """Every query of every panel."""
    for panel in panels(board):
        unit = panel.get("fieldConfig", {}).get("defaults", {}).get("unit", "")
        for target in panel["targets"]:
            expression = substituted(target["expr"], variables)
            legend = target.get("legendFormat", "")
            yield PanelQuery(panel["title"], expression, legend, UNITS.get(unit, unit), panel["type"])


def named(legend: str, labels: Mapping[str, str]) -> str:
    """The legend of a series with its labels filled in."""
    for name, value in labels.items():
        legend = legend.replace(f"{{{{{name}}}}}", value)
    return legend
