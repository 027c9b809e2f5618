"""What boards are put together from: panels with queries, in one style."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grafana_foundation_sdk.builders import common, prometheus, stat, timeseries
from grafana_foundation_sdk.builders.dashboard import (
    AnnotationQuery,
    Dashboard,
    DatasourceVariable,
    QueryVariable,
    ThresholdsConfig,
)
from grafana_foundation_sdk.models.common import (
    DataSourceRef,
    LegendDisplayMode,
    LegendPlacement,
    TooltipDisplayMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DynamicConfigValue,
    Threshold,
    ThresholdsMode,
    VariableRefresh,
    VariableSort,
)

SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
GREEN, AMBER, RED, BLUE = "green", "orange", "red", "blue"
WIDTH = 24

Query = tuple[str, str]
"""Expression and legend."""
Panel = timeseries.Panel | stat.Panel


def lines(title: str, unit: str, *queries: Query, about: str = "", limit: str = "") -> timeseries.Panel:
    """Curves over time. The curve whose legend is `limit` is drawn as a dashed red line."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(about)
        .datasource(SOURCE)
        .unit(unit)
        .axis_soft_min(0)
        .line_width(2)
        .fill_opacity(8)
        .show_points("never")
        .height(8)
        .span(8)
        .legend(
            common.VizLegendOptions()
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
    )
    if limit:
        dashed = {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [10, 10]}}
        plain = [("color", {"mode": "fixed", "fixedColor": RED}), ("custom.fillOpacity", 0), ("custom.lineWidth", 1)]
        properties = [DynamicConfigValue(id_val=key, value=value) for key, value in plain]
        panel.override_by_name(limit, [DynamicConfigValue(id_val=dashed["id"], value=dashed["value"]), *properties])
    return _with(panel, queries, instant=False)


def number(title: str, unit: str, query: Query, steps: Sequence[tuple[float, str]] = (), **style: Any) -> stat.Panel:
    """One number, coloured by `steps`: from each value on, its colour; green below the first."""
    thresholds = [Threshold(value=None, color=style.get("base", GREEN))]
    thresholds += [Threshold(value=value, color=colour) for value, colour in steps]
    panel = (
        stat.Panel()
        .title(title)
        .description(style.get("about", ""))
        .datasource(SOURCE)
        .unit(unit)
        .height(4)
        .span(4)
        .graph_mode("none")
        .text_mode(style.get("text", "auto"))
        .color_mode("value")
        .thresholds(ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(thresholds))
    )
    if "decimals" in style:
        panel.decimals(style["decimals"])
    return _with(panel, [query], instant=True)


def _with(panel: Any, queries: Sequence[Query], instant: bool) -> Any:
    for letter, (expression, legend) in zip("ABCDEFGH", queries, strict=False):
        target = prometheus.Dataquery().datasource(SOURCE).ref_id(letter).expr(expression).legend_format(legend)
        panel.with_target(target.instant() if instant else target.range())
    return panel


def event(name: str, colour: str, expression: str, title: str) -> AnnotationQuery:
    """A mark wherever `expression`, a time in seconds since the epoch, points to."""
    return (
        AnnotationQuery()
        .name(name)
        .datasource(SOURCE)
        .enable(True)
        .icon_color(colour)
        .expr(f"1000 * {expression}")
        .use_value_for_time(True)
        .title_format(title)
    )


def change(name: str, colour: str, expression: str, title: str) -> AnnotationQuery:
    """A mark wherever `expression` has a value."""
    return (
        AnnotationQuery()
        .name(name)
        .datasource(SOURCE)
        .enable(True)
        .icon_color(colour)
        .expr(expression)
        .step("15s")
        .title_format(title)
    )


def board(title: str, uid: str, about: str) -> Dashboard:
    """An empty board that refreshes by itself and asks which Prometheus to read."""
    return (
        Dashboard(title)
        .uid(uid)
        .description(about)
        .tags(["slipway"])
        .refresh("10s")
        .time("now-1h", "now")
        .timezone("browser")
        .readonly()
        .with_variable(DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    )


def choice(name: str, query: str) -> QueryVariable:
    """A variable whose values Prometheus knows."""
    return (
        QueryVariable(name)
        .label(name.capitalize())
        .datasource(SOURCE)
        .query({"query": query, "refId": "variable"})
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
    )


__all__ = [
    "AMBER", "BLUE", "GREEN", "RED", "board", "change", "choice", "event", "lines", "number",
]  # fmt: skip
