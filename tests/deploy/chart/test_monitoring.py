"""What the chart makes for the Prometheus Operator and for Grafana."""

from __future__ import annotations

import json

import yaml

from slipway.metrics.instruments import Instruments
from slipway.render.monitoring.operator_alerts import operator_group
from slipway.settings import Monitoring
from tests.deploy.chart.conftest import CHART, Render

MONITOR, RULE = ("ServiceMonitor", "slipway"), ("PrometheusRule", "slipway")
BOARD = ("ConfigMap", "slipway-w7-inference-overview")


def test_nothing_is_made_for_a_prometheus_operator_that_is_not_there(render: Render) -> None:
    assert not {MONITOR, RULE} & set(render())


def test_the_operator_is_scraped_and_its_own_labels_are_kept(render: Render) -> None:
    monitor = render(monitoring={"enabled": True})[MONITOR]
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint["honorLabels"] is True, "a release's namespace is not the operator's"
    assert monitor["metadata"]["labels"]["release"] == "kube-prometheus-stack"
    service = render()["Service", "slipway-metrics"]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert endpoint["port"] == service["spec"]["ports"][0]["name"]


def test_its_rules_are_those_of_the_code_with_the_links_that_were_asked_for(render: Render) -> None:
    links = {"runbookUrl": "https://git.example/runbooks/", "grafanaUrl": "https://grafana.example"}
    rule = render(monitoring={"enabled": True, **links})[RULE]
    settings = Monitoring(runbook_url=links["runbookUrl"], grafana_url=links["grafanaUrl"])
    assert rule["spec"] == {"groups": [operator_group(settings)]}


def test_the_labels_can_be_those_of_another_prometheus(render: Render) -> None:
    labels = render(monitoring={"enabled": True, "labels": {"team": "ml", "release": None}})[RULE]["metadata"]["labels"]
    assert labels["team"] == "ml"
    assert "release" not in labels


def test_the_boards_are_found_by_grafanas_sidecar_and_can_be_left_out(render: Render) -> None:
    board = render()[BOARD]
    assert board["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(board["data"]["w7-inference-overview.json"])["uid"] == "w7-inference-overview"
    assert BOARD not in render(monitoring={"dashboards": {"enabled": False}})


def test_every_metric_that_a_rule_or_a_board_asks_for_is_one_of_the_operators() -> None:
    import re

    from prometheus_client import CollectorRegistry

    known = {metric.name for metric in Instruments(CollectorRegistry()).registry.collect()}
    files = [CHART / "files" / "operator-rules.yaml", *(CHART / "files" / "dashboards").glob("*.json")]
    asked = {name for path in files for name in re.findall(r"\bslipway_[a-z_]+", path.read_text())}
    plain = {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in asked}
    assert plain - known == set()


def test_the_rules_are_a_plain_rule_file_too() -> None:
    content = yaml.safe_load((CHART / "files" / "operator-rules.yaml").read_text())
    assert [group["name"] for group in content["groups"]] == ["slipway.operator"]
