"""The spans and thresholds of a release's rules, from its settings and its spec.slo."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.api.release import ModelRelease
from slipway.render.monitoring.alerts import burns, tolerated
from slipway.render.monitoring.monitors import monitors
from slipway.render.monitoring.pace import Pace, prometheus
from slipway.render.monitoring.recording import WINDOW_HOURS, Subject
from slipway.settings import Monitoring
from tests.unit.release.world import release

WORKBOOK = Pace.of(Monitoring())


def test_without_a_setting_the_windows_are_those_of_the_sre_workbook() -> None:
    assert [WORKBOOK.over(hours) for hours in WINDOW_HOURS] == ["5m", "30m", "1h", "2h", "6h", "1d"]


def test_shorter_ones_keep_their_proportions_down_to_a_few_scrapes() -> None:
    pace = Pace.of(Monitoring(alert_window="1m", scrape_interval="5s"))
    assert [pace.over(hours) for hours in WINDOW_HOURS] == ["20s", "30s", "1m", "2m", "6m", "24m"]
    assert pace.held(1 / 30) == "5s"


@given(st.integers(1, 10**7))
def test_a_span_is_written_without_loss(span: int) -> None:
    text = prometheus(span)
    assert int(text[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[text[-1]] == span


@given(st.floats(0, 0.999))
def test_a_limit_can_be_exceeded_whatever_the_objective(budget: float) -> None:
    for burn in burns(budget):
        assert budget <= tolerated(budget, burn.factor) < 1


def test_a_budget_of_five_percent_is_not_asked_for_what_it_cannot_lose() -> None:
    assert [burn.factor for burn in burns(0.05)] == [6.0, 3.0, 1.0]
    assert [burn.factor for burn in burns(0.001)] == [14.4, 6.0, 1.0]


@pytest.mark.parametrize(("p95", "bound"), [("200ms", "0.2"), ("1s", "1.0"), ("1m", "60.0"), ("12.5ms", "0.0125")])
def test_the_bucket_is_named_as_the_server_names_it(p95: str, bound: str) -> None:
    subject = Subject.of(ModelRelease.parse(release(slo={"latency": {"p95": p95}})), WORKBOOK)
    assert subject.bucket == f'le="{bound}"'


def test_pods_are_told_apart_by_their_labels_and_scraped_once() -> None:
    monitor, _ = monitors(ModelRelease.parse(release()), Monitoring(labels={"team": "ml"}, scrape_interval="30s"))
    (endpoint,) = monitor["spec"]["endpoints"]
    assert {rule["targetLabel"] for rule in endpoint["relabelings"]} == {"release", "revision", "model_version"}
    assert endpoint["interval"] == "30s"
    assert monitor["metadata"]["labels"]["team"] == "ml"
    assert monitor["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"] == "metrics"
