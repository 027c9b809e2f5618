"""A report is whole whatever could be read, and nothing that it quotes can break out of its place."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from slipway.cli import main
from slipway.report import drawing, mermaid
from slipway.report.card import card
from slipway.report.files import files, snapshot_schema
from slipway.report.lineage import Edge, Lane, lineage
from slipway.report.page import bar, page, timelines
from slipway.report.snapshot import snapshot
from slipway.report.story import LiveFigures, Panel, Series, Story
from tests.unit.report.conftest import NASTY

NAMES = ["audit.jsonl", "lineage.mmd", "metrics_snapshot.json", "model_card.md", "report.html"]
SCHEMA = Path(__file__).parents[3] / "docs" / "metrics_snapshot.schema.json"


class Tags(HTMLParser):
    """The tags of a page and every address that it would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "data") and value]


def record(seq: int, action: str, **more: str) -> dict[str, object]:
    common = {"time": "2026-01-01T00:00:00.000Z", "revision": "cancer-r1", "actor": "jane", "reason": NASTY}
    return {"seq": seq, "action": action, "hash": "ab" * 32, **common, **more}


def test_all_files_are_there(told: Story, empty: Story) -> None:
    assert sorted(files(told)) == sorted(files(empty)) == NAMES


def test_the_lineage_names_every_revision_and_what_led_to_it(told: Story) -> None:
    graph = lineage(told)
    named = {column: [n.lines for n in graph.nodes if n.column is column] for column in Lane}
    assert [lines[0] for lines in named[Lane.REVISION]] == ["cancer-r1", "cancer-r2", "cancer-r3"]
    assert [lines[1] for lines in named[Lane.DATA]] == ["data-1", "data-2", "data-3"]
    assert [lines[1] for lines in named[Lane.RUN]] == ["run-1", "run-2", "run-3"]
    assert ("gates of cancer-r3", "governance: Pass", "metrics/auc: Pass", "smoke: Fail") in named[Lane.GATES]
    text = mermaid.text(graph)
    assert all(name in text for name in ("cancer-r1", "cancer-r2", "cancer-r3", "data-1", "version 3"))


def test_production_and_rollbacks_are_edges(told: Story) -> None:
    edges = lineage(told).edges
    assert [e.source for e in edges if e.kind == "serves"] == ["revision:cancer-r1"]
    assert [e.source for e in edges if e.kind == "served"] == ["revision:cancer-r2"]
    (back,) = (e for e in edges if e.kind == "back")
    assert (back.source, back.target) == ("revision:cancer-r2", "revision:cancer-r1")


def test_every_rollback_on_record_is_told(told: Story) -> None:
    many = [
        record(n, "RolledBack", **{"from": "cancer-r2", "to": "cancer-r1", "time": f"2026-01-0{n}"}) for n in (1, 2)
    ]
    edges = [e for e in lineage(replace(told, records=tuple(many))).edges if e.kind == "back"]
    assert len(edges) == 2
    assert edges[0] == Edge("revision:cancer-r2", "revision:cancer-r1", "rolled back 2026-01-01Z by jane", "back")


def test_what_is_shared_stands_once(told: Story) -> None:
    same = {number: replace(each, tags={"data.version": "one"}) for number, each in told.versions.items()}
    graph = lineage(replace(told, versions=same))
    assert [n.lines[1] for n in graph.nodes if n.column is Lane.DATA] == ["one"]


def test_a_name_cannot_become_mermaid_syntax(told: Story) -> None:
    nasty = {number: replace(each, tags={"data.version": NASTY}) for number, each in told.versions.items()}
    text = mermaid.text(lineage(replace(told, versions=nasty)))
    assert "<script" not in text
    for line in text.splitlines()[1:]:
        assert re.fullmatch(
            r'  (n\d+ ?(\["[^"]*"\]|\(\["[^"]*"\]\))?:::\w+|n\d+ \S+(\|"[^"]*"\|)? n\d+|classDef .*)', line
        ), line


def test_the_figures_fit_their_published_schema(told: Story, empty: Story) -> None:
    schema = json.loads(SCHEMA.read_text())
    for each in (told, empty):
        jsonschema.validate(json.loads(files(each)["metrics_snapshot.json"]), schema)


def test_a_figure_that_is_no_number_does_not_fit_the_schema(told: Story) -> None:
    figures = json.loads(files(told)["metrics_snapshot.json"])
    figures["revisions"][0]["gates"][0]["verdict"] = "Perhaps"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(figures, json.loads(SCHEMA.read_text()))


def test_the_schema_is_the_one_that_the_code_has() -> None:
    assert SCHEMA.read_text() == snapshot_schema(), "run: make generate"


def test_the_figures_have_gates_bounds_and_objectives(told: Story) -> None:
    figures = snapshot(replace(told, live_figures=LiveFigures("test", 200, 10, 2, 0.15)))
    assert figures.live == "cancer-r1"
    assert figures.slo is not None
    assert (figures.slo.slow_ratio, figures.slo.error_ratio, figures.slo.p95_seconds) == (0.05, 0.01, 0.15)
    assert figures.objectives.latency_p95_seconds == 0.2
    rejected = figures.revisions[2]
    (smoke,) = (gate for gate in rejected.gates if gate.name == "smoke")
    assert (smoke.measured, smoke.threshold) == (251.0, 200.0)


def test_the_page_loads_nothing_and_runs_nothing(told: Story) -> None:
    panel = Panel("Requests", "1/s", (Series(NASTY, ((0.0, 1.0), (15.0, 2.0))),))
    text = page(replace(told, panels=(panel,), records=(record(1, "Started"),)))
    tags = Tags(text)
    assert "script" not in tags.seen
    assert [a for a in tags.addresses if not a.startswith("#")] == []
    assert "@import" not in text


def test_the_page_names_every_revision_gate_and_record(told: Story) -> None:
    text = page(replace(told, records=(record(7, "AliasMoved"),)))
    for expected in ("cancer-r1", "cancer-r2", "cancer-r3", "too slow", "AliasMoved", "Model card", "251"):
        assert expected in text


def test_an_empty_release_makes_a_page_that_says_so(empty: Story) -> None:
    text = page(empty)
    assert "nothing" in text
    assert "No revision of this release exists yet" in text


def test_the_card_keeps_strange_tags_inside_their_cells(told: Story) -> None:
    rows = [line for line in card(told).splitlines() if line.startswith("| note |")]
    (row,) = rows
    assert row.count("|") == 3
    assert "<script>" not in row


def test_the_card_says_what_it_could_not_read(told: Story) -> None:
    assert "could not be read" in card(replace(told, versions={}))


def test_bars_compare_only_what_can_be_compared(told: Story) -> None:
    smoke = next(g for r in told.revisions for g in r.status.gates if g.name == "smoke" and g.measured is not None)
    drawn = bar(smoke)
    assert drawn is not None
    assert drawn.measured > drawn.threshold
    assert bar(smoke.model_copy(update={"threshold": None})) is None
    assert bar(smoke.model_copy(update={"measured": -1.0})) is None


def test_timelines_share_one_scale(told: Story) -> None:
    rows = timelines(snapshot(told).revisions)
    ends = [stretches[-1].left + stretches[-1].width for _, stretches in rows if stretches]
    assert max(ends) == pytest.approx(100, abs=0.1)


def test_the_drawing_has_every_node_and_no_overlap(told: Story) -> None:
    graph = lineage(told)
    boxes = drawing.layout(graph)
    assert set(boxes) == {node.key for node in graph.nodes}
    for column in Lane:
        stacked = sorted((boxes[n.key] for n in graph.nodes if n.column is column), key=lambda box: box.y)
        assert all(upper.y + upper.height <= lower.y for upper, lower in pairwise(stacked))


def test_the_command_explains_itself() -> None:
    said = CliRunner().invoke(main, ["report", "--help"]).output
    for name in NAMES:
        assert name in said
