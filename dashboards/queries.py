"""The queries of a board's panels, as Grafana would send them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

RATE_INTERVAL = "1m"


class PanelQuery(NamedTuple):
    """One query of one panel."""

    panel: str
    expression: str
    legend: str


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
        for target in panel["targets"]:
            expression = substituted(target["expr"], variables)
            yield PanelQuery(panel["title"], expression, target.get("legendFormat", ""))
