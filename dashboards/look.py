"""Draws the boards' panels into one HTML page, for a look where no Grafana is at hand.

    python -m dashboards.look --prometheus http://127.0.0.1:9090 --namespace demo --release w7d1-cancer-classifier

Every panel is asked of a real Prometheus, with Grafana's grid. Lines only: colours and units are hinted at, not copied.
"""

from __future__ import annotations

import argparse
import html
import json
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from dashboards.__main__ import rendered
from slipway.report.board import named, panels, substituted

STEP_SECONDS = 5
COLOURS = ("#73bf69", "#5794f2", "#ff9830", "#b877d9", "#f2cc0c", "#8ab8ff", "#ff7383", "#96d98d")
LIMIT = "#f2495c"
WIDTH, HEIGHT, LEFT = 560, 190, 62
STYLE = """body{background:#111217;color:#ccccdc;font:13px sans-serif;margin:16px}
.grid{display:grid;grid-template-columns:repeat(24,1fr);gap:8px}
.panel{background:#181b1f;border:1px solid #2c2f36;border-radius:3px;padding:8px;min-width:0}
.row{grid-column:1/-1;font-size:15px;margin:8px 0 0}.title{font-weight:600;margin-bottom:4px}
.number{font-size:30px;color:#73bf69;margin:8px 0}.empty{color:#f2495c}
.legend span{margin-right:12px;white-space:nowrap}
svg{width:100%;height:auto}"""

Points = list[tuple[float, float]]
Series = list[tuple[str, Points]]


def fetched(url: str, expression: str, legend: str, minutes: float) -> Series:
    """The series of one query, each with its legend."""
    now = time.time()
    asked = {"query": expression, "start": now - 60 * minutes, "end": now, "step": STEP_SECONDS}
    with urlopen(f"{url}/api/v1/query_range?{urlencode(asked)}", timeout=20) as answer:
        found = json.load(answer)["data"]["result"]
    return [(named(legend, s["metric"]), [(float(t), float(v)) for t, v in s["values"]]) for s in found]


def figure(value: float, unit: str) -> str:
    """A value with its unit, roughly as Grafana writes it."""
    if math.isnan(value):
        return "NaN"
    if unit == "percentunit":
        return f"{value:.1%}"
    if unit == "bytes":
        return f"{value / 2**20:.0f} MiB"
    if unit == "s":
        return f"{value * 1000:.0f} ms" if abs(value) < 1 else f"{value:.2f} s"
    return f"{value:.3g}" + {"reqps": " req/s", "ops": " /s"}.get(unit, "")


def chart(series: Series, unit: str) -> str:
    """An SVG of the curves and their legend."""
    values = [v for _, points in series for _, v in points if math.isfinite(v)]
    if not values:
        return '<div class="empty">no data</div>' if not series else '<div class="empty">not a number</div>'
    low, high = min(0.0, *values), max(values) * 1.05 or 1.0
    start = min(t for _, points in series for t, _ in points)
    length = max(max(t for _, points in series for t, _ in points) - start, 1.0)

    def at(t: float, v: float) -> str:
        x = LEFT + (t - start) / length * (WIDTH - LEFT - 4)
        return f"{x:.1f},{HEIGHT - 16 - (v - low) / (high - low) * (HEIGHT - 24):.1f}"

    parts = [_axis(low + share * (high - low), unit, at, start) for share in (0, 0.25, 0.5, 0.75, 1)]
    for number, (name, points) in enumerate(series):
        path = " ".join(at(t, v) for t, v in points if math.isfinite(v))
        limit = "objective" in name
        style = f'stroke="{LIMIT}" stroke-dasharray="6 5"' if limit else f'stroke="{COLOURS[number % len(COLOURS)]}"'
        parts.append(f'<polyline points="{path}" fill="none" stroke-width="1.6" {style}/>')
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}">{"".join(parts)}</svg><div class="legend">{_legend(series, unit)}</div>'
    )


def _axis(value: float, unit: str, at: Any, start: float) -> str:
    x, y = at(start, value).split(",")
    line = f'<line x1="{x}" x2="{WIDTH - 4}" y1="{y}" y2="{y}" stroke="#2c2f36"/>'
    label = f'<text x="{LEFT - 6}" y="{float(y) + 4}" fill="#8e8e9b" font-size="11" text-anchor="end">'
    return f"{line}{label}{figure(value, unit)}</text>"


def _legend(series: Series, unit: str) -> str:
    entries = []
    for number, (name, points) in enumerate(series):
        colour = LIMIT if "objective" in name else COLOURS[number % len(COLOURS)]
        last = figure(points[-1][1], unit)
        entries.append(f'<span><b style="color:{colour}">▬</b> {html.escape(name)} {last}</span>')
    return "".join(entries)


def drawn(panel: Mapping[str, Any], series: Series) -> str:
    """One panel at its place in the grid."""
    unit, place = panel["fieldConfig"]["defaults"].get("unit", ""), panel["gridPos"]
    body = chart(series, unit)
    if panel["type"] == "stat":
        last = [(name, points[-1][1]) for name, points in series]
        by_name = panel["options"].get("textMode") == "name"
        texts = [name if by_name else figure(value, unit) for name, value in last]
        body = f'<div class="number">{html.escape(", ".join(texts)) or "no data"}</div>'
    title = f'<div class="title">{html.escape(panel["title"])}</div>'
    return f'<div class="panel" style="grid-column:span {place["w"]}">{title}{body}</div>'


def page(url: str, variables: Mapping[str, str], minutes: float) -> str:
    """All boards, one below the other."""
    parts = []
    for text in rendered().values():
        board = json.loads(text)
        parts.append(f'<h2>{html.escape(board["title"])}</h2><div class="grid">')
        for panel in panels(board):
            series = [
                each
                for target in panel["targets"]
                for each in fetched(
                    url, substituted(target["expr"], variables), target.get("legendFormat", ""), minutes
                )
            ]
            parts.append(drawn(panel, series))
        parts.append("</div>")
    return f'<!doctype html><meta charset="utf-8"><style>{STYLE}</style>{"".join(parts)}'


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prometheus", default="http://127.0.0.1:9090")
    parser.add_argument("--namespace", default="demo")
    parser.add_argument("--release", default="w7d1-cancer-classifier")
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--out", type=Path, default=Path("artifacts/boards.html"))
    asked = parser.parse_args(arguments)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(
        page(asked.prometheus, {"namespace": asked.namespace, "release": asked.release}, asked.minutes)
    )
    print(asked.out)


if __name__ == "__main__":
    main()
