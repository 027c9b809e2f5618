"""One panel of the board as an SVG chart, which needs neither script nor network."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO

from matplotlib import rc_context
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure

from slipway.report.story import Panel

_LOOK = {
    "svg.fonttype": "none",
    "svg.hashsalt": "slipway",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.edgecolor": "#9aa7af",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "#d7dde1",
}
_LINES = ("#1f6f8b", "#c0562f", "#5b8c3e", "#7a5aa6", "#a8871d", "#b33a6b")


def chart(panel: Panel) -> str:
    """The SVG of `panel`; a panel without data says so."""
    with rc_context(_LOOK):
        figure = Figure(figsize=(6.4, 2.9), layout="constrained")
        axes = figure.subplots()
        axes.set_prop_cycle(color=_LINES)
        for series in panel.series:
            times = date2num([datetime.fromtimestamp(at, UTC) for at, _ in series.points])
            line = "--" if "objective" in series.name else "-"
            axes.plot(times, [value for _, value in series.points], line, linewidth=1.6, label=series.name)
        if panel.series:
            locator = AutoDateLocator(maxticks=7)
            axes.xaxis.set_major_locator(locator)
            axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
            figure.legend(loc="outside lower left", ncols=2, frameon=False, fontsize=8)
        else:
            axes.set(xticks=[], yticks=[])
            axes.text(0.5, 0.5, "no data", ha="center", va="center", transform=axes.transAxes)
        axes.grid(axis="y")
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
        drawn = StringIO()
        figure.savefig(drawn, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = drawn.getvalue()
    return text[text.index("<svg") :]
