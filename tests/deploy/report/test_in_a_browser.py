"""What a person sees: the lineage as Mermaid itself draws it, and the page in a browser."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from slipway.report import mermaid
from slipway.report.lineage import lineage
from slipway.report.page import page
from slipway.report.story import Story
from tests import browser
from tests.unit.report.conftest import NASTY, told

__all__ = ["told"]


def test_mermaid_draws_the_lineage(told: Story, tmp_path: Path) -> None:
    drawn = browser.mermaid(mermaid.text(lineage(told)), tmp_path)
    for name in ("cancer-r1", "cancer-r2", "cancer-r3", "data-1", "production", "rolled back"):
        assert name in drawn


def test_mermaid_draws_names_that_look_like_its_own_syntax(told: Story, tmp_path: Path) -> None:
    nasty = {number: replace(each, tags={"data.version": NASTY}) for number, each in told.versions.items()}
    drawn = browser.mermaid(mermaid.text(lineage(replace(told, versions=nasty))), tmp_path)
    assert "alert(1)" in drawn
    assert "<script>alert" not in drawn


def test_a_text_that_is_no_chart_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="rror"):
        browser.mermaid("flowchart LR\n  a[ --> ]b", tmp_path)


def test_the_page_shows_its_parts(told: Story, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(page(told))
    seen = browser.dom(path)
    for heading in ("Lineage", "Rollbacks", "Gates", "Time in each phase", "Audit log", "Model card"):
        assert f"<h2>{heading}</h2>" in seen
