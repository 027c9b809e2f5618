"""Alerts of one release. Each says what is wrong with which values, how bad it is, and where to read on.

Burn rates: the objective of a 95th percentile leaves a budget of 5 %, of which no more than 20 times as much can be
burnt. The SRE Workbook's 14.4 (chapter 5, for 99.9 %) would then ask for 72 % slow requests; 6 and 3 suit it. A budget
of 2 % or less gets the Workbook's own factors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from slipway.api.policy import SLOW_RATIO
from slipway.render.monitoring.recording import BASE_HOURS, ERRORS, LATENCY, PrometheusRule, Subject
from slipway.settings import Monitoring
from slipway_contract import series

CRITICAL, WARNING, INFO = "critical", "warning", "info"
MIN_REQUESTS = 300
"""Fewer requests in the long window never alert: one slow request at night is 100 %."""
BOARD = "/d/w7-inference-overview"
_SMALL_BUDGET = 0.02


class Burn(NamedTuple):
    """Alert where the budget is burnt `factor` times too fast in both windows. Windows in hours, as Pace takes them."""

    severity: str
    long: float
    short: float
    factor: float
    pending: float


def alert_rules(subject: Subject, settings: Monitoring) -> list[PrometheusRule]:
    """All alerts of a release, with their links."""
    rules = [*_latency(subject), *_errors(subject), *(make(subject) for make in _OTHERS), *_rolled_back(subject)]
    query = f"var-namespace={subject.namespace}&var-release={subject.release}"
    return [linked(rule, settings, f"{BOARD}?{query}") for rule in rules]


def linked(rule: PrometheusRule, settings: Monitoring, board: str) -> PrometheusRule:
    """The rule with the address of its runbook and of its board."""
    runbook = f"{settings.runbook_url.rstrip('/')}/{rule['alert']}.md"
    links = {"runbook_url": runbook, "dashboard_url": f"{settings.grafana_url.rstrip('/')}{board}"}
    return {**rule, "annotations": {**rule["annotations"], **links}}


def alert(
    name: str, expression: str, pending: str, severity: str, texts: tuple[str, str], **labels: str
) -> PrometheusRule:
    """One alerting rule; `texts` are its summary and its description."""
    return {
        "alert": name,
        "expr": expression,
        "for": pending,
        "labels": {"severity": severity, **labels},
        "annotations": {"summary": texts[0], "description": texts[1]},
    }


def burns(budget: float) -> tuple[Burn, ...]:
    """The burn rates to alert on for a budget, as a share of requests."""
    fast, slow = (14.4, 6.0) if budget <= _SMALL_BUDGET else (6.0, 3.0)
    return (
        Burn(CRITICAL, 1, BASE_HOURS, fast, 1 / 30),
        Burn(CRITICAL, 6, 1 / 2, slow, 1 / 12),
        Burn(WARNING, 24, 2, 1.0, 1 / 4),
    )


def tolerated(budget: float, factor: float) -> float:
    """The share of bad requests above which to alert: a share that can still be exceeded, whatever the budget."""
    return min(factor * budget, (1 + budget) / 2)


def _latency(subject: Subject) -> list[PrometheusRule]:
    name = "InferenceLatencyBudgetBurn"
    what = f"the requests that latency is judged on were slower than {subject.threshold * 1000:g} ms"
    return [_burning(subject, (name, LATENCY, what), SLOW_RATIO, burn) for burn in burns(SLOW_RATIO)]


def _errors(subject: Subject) -> list[PrometheusRule]:
    budget = subject.error_budget
    what = "requests were answered with a 5xx status"
    return [_burning(subject, ("InferenceErrorBudgetBurn", ERRORS, what), budget, burn) for burn in burns(budget)]


def _burning(subject: Subject, about: tuple[str, str, str], budget: float, burn: Burn) -> PrometheusRule:
    name, slo, what = about
    pace, limit = subject.pace, tolerated(budget, burn.factor)
    bad = [
        f'slo:sli_error:ratio{{{subject.labels},slo="{slo}",window="{pace.over(hours)}"}} > {limit:.6g}'
        for hours in (burn.long, burn.short)
    ]
    enough = f"{_judged(subject, slo, pace.over(burn.long))} >= {MIN_REQUESTS}"
    description = (
        f"{{{{ $value | humanizePercentage }}}} of {what} over the last {pace.over(burn.long)}. The objective "
        "allows "
        f"{budget:.4g} of them; this alert's limit is {limit:.4g}, held over {pace.over(burn.short)} too."
    )
    expression = f"{bad[0]} and on (namespace, release) {bad[1]} and on (namespace, release) {enough}"
    texts = (f"{subject.name} is burning its {slo} error budget {burn.factor:g} times too fast", description)
    labels = {"slo": slo, "window": pace.over(burn.long)}
    return alert(name, expression, pace.held(burn.pending), burn.severity, texts, **labels)


def _no_traffic(subject: Subject) -> PrometheusRule:
    rate, pace = f"release:inference_requests:rate{{{subject.labels}}}", subject.pace
    quiet, before = pace.over(1 / 2), pace.over(6)
    busy = f"{_requests(subject, before, f' offset {quiet}')} >= {MIN_REQUESTS}"
    expression = f"max_over_time({rate}[{quiet}]) == 0 and on (namespace, release) {busy}"
    description = (
        f"Production has answered no requests for {quiet}, after at least {MIN_REQUESTS} in the {before} before that."
    )
    texts = (f"{subject.name} has stopped receiving requests", description)
    return alert("InferenceNoTraffic", expression, pace.held(1 / 12), WARNING, texts)


def _source_lost(subject: Subject) -> PrometheusRule:
    live = f'release:revision_track:info{{{subject.labels},track="live"}}'
    histogram = f"{series.DURATION}_bucket{{{subject.labels},{subject.bucket}}}"
    counted = f"{histogram} * on (namespace, release, revision) group_left () {live}"
    expression = f"{live} unless on (namespace, release) ({counted})"
    description = (
        f"Prometheus has no bucket {subject.bucket.replace(chr(34), '')} of {{{{ $labels.revision }}}}, which "
        "serves "
        "production: its latency is not judged. The pods are not scraped, or the objective changed after "
        "they started."
    )
    texts = (f"{subject.name} is served but not measured", description)
    return alert("InferenceSLOSourceLost", expression, subject.pace.held(1 / 12), CRITICAL, texts)


def _not_ready(subject: Subject) -> PrometheusRule:
    known = f'slipway_revision_track{{{subject.labels},track="live"}}'
    expression = f"{_condition(subject, 'Ready')} == 0 and on (namespace, release) {known}"
    texts = (f"{subject.name} has no ready pod", "Condition Ready is False: production selects no pod that is ready.")
    return alert("ModelReleaseNotReady", expression, subject.pace.held(1 / 60), CRITICAL, texts)


def _stalled(subject: Subject) -> PrometheusRule:
    description = "Condition Stalled is True: nothing proceeds until someone acts. Its message says what is wrong."
    texts = (f"{subject.name} is stalled and needs someone to act", description)
    expression = f"{_condition(subject, 'Stalled')} == 1"
    return alert("ModelReleaseStalled", expression, subject.pace.held(1 / 6), WARNING, texts)


def _drift(subject: Subject) -> PrometheusRule:
    description = "The registry's production alias points to a version that production does not serve."
    texts = (f"{subject.name}: the production alias was moved by hand", description)
    expression = f"slipway_release_alias_drift{{{subject.labels}}} == 1"
    return alert("ModelAliasDrift", expression, subject.pace.held(1 / 12), WARNING, texts)


def _no_way_back(subject: Subject) -> PrometheusRule:
    meant = f"slipway_release_keep_warm{{{subject.labels}}} == 1"
    expression = f"{_condition(subject, 'RollbackReady')} == 0 and on (namespace, release) {meant}"
    description = (
        "Condition RollbackReady is False inside the keep-warm window: a rollback would have to start pods first."
    )
    texts = (f"{subject.name} has no warm revision to roll back to", description)
    return alert("ModelRollbackNotReady", expression, subject.pace.held(1 / 12), WARNING, texts)


_OTHERS: tuple[Callable[[Subject], PrometheusRule], ...] = (
    _no_traffic, _source_lost, _not_ready, _stalled, _drift, _no_way_back
)  # fmt: skip


def _rolled_back(subject: Subject) -> list[PrometheusRule]:
    """News rather than a state: they end by themselves."""
    pace, at = subject.pace, f"slipway_release_last_rollback_timestamp_seconds{{{subject.labels},"
    description = (
        "{{ $labels.trigger }} took production back from {{ $labels.from_revision }} to {{ $labels.to_revision }} "
        "{{ $value | humanizeDuration }} ago."
    )
    texts = (f"{subject.name} was rolled back", description)
    return [
        alert("ModelRolledBack", f'time() - {at}trigger{which}"User"}} < {pace.seconds(1 / 4)}', "0s", severity, texts)
        for which, severity in (("!=", WARNING), ("=", INFO))
    ]


def _judged(subject: Subject, slo: str, span: str) -> str:
    """The requests within `span` that an objective is judged on: by latency all but those of very many rows."""
    all_, bulk = _requests(subject, span), _requests(subject, span, kind="bulk_requests")
    return f"({all_} - ({bulk} or 0 * {all_}))" if slo == LATENCY else all_


def _requests(subject: Subject, span: str, offset: str = "", kind: str = "requests") -> str:
    """Production's requests within `span`, added up from the rate that is recorded once an interval."""
    rate = f"release:inference_{kind}:rate{{{subject.labels}}}"
    return f"sum_over_time({rate}[{span}]{offset}) * {subject.pace.scrape:g}"


def _condition(subject: Subject, name: str) -> str:
    return f'slipway_release_condition{{{subject.labels},condition="{name}"}}'
