"""report.html: one page with everything in it, which opens without a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markupsafe import Markup

from slipway.api.gates.verdict import GateResult
from slipway.report import drawing, mermaid
from slipway.report.card import card, environment
from slipway.report.chart import chart
from slipway.report.lineage import lineage
from slipway.report.snapshot import RevisionFigures, snapshot
from slipway.report.story import Story, tone

MOST_RECORDS = 200
"""Audit records on the page, the newest; audit.jsonl has all."""


@dataclass(frozen=True)
class Bar:
    """A measured value against its threshold, both as a share of the drawn width."""

    measured: float
    threshold: float


@dataclass(frozen=True)
class Stretch:
    """A phase in a timeline: where it starts and how wide it is, in percent of the longest attempt."""

    name: str
    left: float
    width: float
    seconds: float


def page(story: Story) -> str:
    """The page."""
    graph, figures = lineage(story), snapshot(story)
    return (
        environment(autoescape=True)
        .get_template("report.html.j2")
        .render(
            story=story,
            figures=figures,
            drawing=Markup(drawing.svg(graph)),
            mermaid=mermaid.text(graph),
            card=Markup(_markdown(card(story))),
            charts=[(panel, Markup(chart(panel))) for panel in story.panels],
            timelines=timelines(figures.revisions),
            bar=bar,
            tone=tone,
            records=story.records[-MOST_RECORDS:][::-1],
        )
    )


def _markdown(text: str) -> str:
    """HTML of `text`; HTML in it stays text."""
    html: str = MarkdownIt("js-default", {"html": False, "linkify": False}).render(text)
    return html


def bar(result: GateResult) -> Bar | None:
    """How the measured value compares with the threshold; None where there are no two numbers above zero to compare."""
    measured, threshold = result.measured, result.threshold
    if measured is None or threshold is None or min(measured, threshold) < 0 or max(measured, threshold) <= 0:
        return None
    scale = 1.15 * max(measured, threshold)
    return Bar(round(100 * measured / scale, 2), round(100 * threshold / scale, 2))


def timelines(revisions: Sequence[RevisionFigures]) -> list[tuple[RevisionFigures, list[Stretch]]]:
    """The phases of each revision on one scale, without those that last until the next release."""
    shown = [(r, [p for p in r.phases if p.phase.value not in ("Live", "Retired")]) for r in revisions]
    longest = max((sum(p.seconds for p in phases) for _, phases in shown), default=0.0) or 1.0
    rows = []
    for revision, phases in shown:
        stretches, at = [], 0.0
        for each in phases:
            width = 100 * each.seconds / longest
            stretches.append(Stretch(each.phase.value, round(at, 2), round(width, 2), each.seconds))
            at += width
        rows.append((revision, stretches))
    return rows
