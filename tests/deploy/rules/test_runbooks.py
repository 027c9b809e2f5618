"""Every alert leads to a page that says what to look at and what to type."""

from __future__ import annotations

import re

import pytest

from tests.deploy.rules.promtool import ROOT, groups

RUNBOOKS = ROOT / "docs" / "runbooks"
ALERTS = {rule["alert"]: rule for group in groups() for rule in group["rules"] if "alert" in rule}


def test_there_is_a_page_for_every_alert_and_none_besides() -> None:
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == set(ALERTS)


@pytest.mark.parametrize("alert", sorted(ALERTS))
def test_a_page_says_what_to_look_at_and_what_to_do(alert: str) -> None:
    text = (RUNBOOKS / f"{alert}.md").read_text()
    assert text.startswith(f"# {alert}\n")
    look, do = text.split("## Look")[1].split("## Do")
    assert re.search(r"^(kubectl|slipway|helm) ", look, re.MULTILINE)
    assert len(do.split()) > 20


@pytest.mark.parametrize("alert", sorted(ALERTS))
def test_an_alert_says_how_bad_it_is_what_is_wrong_and_where_to_read_on(alert: str) -> None:
    rule = ALERTS[alert]
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url", "dashboard_url"}
    assert rule["annotations"]["runbook_url"] == f"https://runbooks/{alert}.md"
    assert rule["annotations"]["dashboard_url"].startswith("https://grafana/d/")
