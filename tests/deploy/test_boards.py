"""Grafana's boards: what Grafana needs to show them, and what people need to read them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from dashboards.__main__ import rendered
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from slipway.report.board import panels, queries

FOLDER = Path(__file__).parents[2] / "charts" / "slipway" / "files" / "dashboards"
BOARDS = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
VARIABLES = {"namespace": "demo", "release": "cancer"}

each_board = pytest.mark.parametrize("board", BOARDS.values(), ids=list(BOARDS))


def test_the_boards_are_committed_as_they_are_made() -> None:
    assert {path.name: path.read_text() for path in FOLDER.glob("*.json")} == rendered(), "run: make generate"


def test_they_have_fixed_addresses() -> None:
    assert {board["uid"]: board["title"] for board in BOARDS.values()} == {
        "w7-inference-overview": "W7 Inference Overview",
        "w7-slipway-operator": "W7 Slipway Operator",
    }


@each_board
def test_grafanas_own_types_read_it_without_loss(board: dict[str, Any]) -> None:
    read = Dashboard.from_json(board)
    assert json.loads(JSONEncoder().encode(read)) == board


@each_board
def test_every_panel_asks_the_chosen_prometheus_and_has_a_title_of_its_own(board: dict[str, Any]) -> None:
    shown = list(panels(board))
    assert len({panel["title"] for panel in shown}) == len(shown) > 10
    for panel in shown:
        sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
        assert {source["uid"] for source in sources} == {"${datasource}"}, panel["title"]


@each_board
def test_no_two_panels_overlap(board: dict[str, Any]) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells


@each_board
def test_every_variable_of_a_query_is_one_of_the_board(board: dict[str, Any]) -> None:
    for query in queries(board, VARIABLES):
        assert not re.search(r"\$", query.expression), query.panel


def test_releases_gates_and_rollbacks_are_marked() -> None:
    marks = {entry["name"]: entry for entry in BOARDS["w7-inference-overview"]["annotations"]["list"]}
    assert {"Promotions", "Rollbacks", "Gates"} <= set(marks)
    assert all("$release" in marks[name]["expr"] for name in ("Promotions", "Rollbacks", "Gates"))
