"""Recording rules of one release: production's requests, its slow and failed ones, and the ratios that alerts compare.

Rates are recorded where they happen, by revision and by its track at that moment, and summed up over longer windows
afterwards. A revision's past as a candidate, when the smoke gate loaded it, therefore never counts against production.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from slipway.api.base import seconds
from slipway.api.policy import SLOW_RATIO
from slipway.api.release import ModelRelease
from slipway.render.monitoring.pace import Pace
from slipway_contract import series

PrometheusRule = dict[str, Any]

LATENCY, ERRORS = "latency", "errors"
BASE_HOURS = 1 / 12
"""The window in which rates are taken: the fastest alert's short one."""
WINDOW_HOURS = (BASE_HOURS, 1 / 2, 1, 2, 6, 24)
PERIOD_HOURS = 30 * 24
"""The objective's period: what the error budget is for."""

PRODUCTION = 'track=~"live|canary"'
_ROUTES = f'route=~"{"|".join(series.PREDICTIONS)}"'
_REVISION = "namespace, release, revision, model_version"
_JOIN = "on (namespace, release, revision) group_left (track)"
_HISTOGRAM = series.DURATION
_BULK = series.BULK_DURATION
"""Times the requests of very many rows, which no latency is judged on."""


@dataclass(frozen=True)
class Subject:
    """One release, as its rules speak of it."""

    namespace: str
    release: str
    threshold: float
    """The latency objective in seconds."""
    error_budget: float
    """Share of requests that may fail."""
    pace: Pace

    @classmethod
    def of(cls, release: ModelRelease, pace: Pace) -> Subject:
        """`release` with the numbers of its spec.slo."""
        meta, slo = release.metadata, release.spec.slo
        return cls(meta.namespace, meta.name, seconds(slo.latency.p95), slo.errors.ratio, pace)

    @property
    def labels(self) -> str:
        """Matchers of its series."""
        return f'namespace="{self.namespace}",release="{self.release}"'

    @property
    def bucket(self) -> str:
        """Matcher of the histogram's bucket at the objective, as the server writes it."""
        return f'le="{float(f"{self.threshold:g}")!r}"'

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.namespace}/{self.release}"


def recording_rules(subject: Subject) -> list[PrometheusRule]:
    """All of them, in the order in which they stand on each other."""
    return [_tracks(subject), *_rates(subject), *_quantiles(subject), *_ratios(subject), *_budgets(subject)]


def _record(name: str, expression: str, **labels: str) -> PrometheusRule:
    return {"record": name, "expr": expression, **({"labels": labels} if labels else {})}


def _tracks(subject: Subject) -> PrometheusRule:
    """Which part each revision has. Pods are never relabelled, so the operator says it.

    The newest scrape alone counts: a series that ended while Prometheus read its configuration again can be seen for
    five minutes more, and a revision with two tracks could not be joined.
    While the operator is away nothing new is staged: what answers then counts as production, rather than as nothing.
    """
    said, pods = f"slipway_revision_track{{{subject.labels}}}", f"{series.INFO}{{{subject.labels}}}"
    each = f"max by (namespace, release, revision, track) (timestamp({said}))"
    newest = f"on (namespace, release) group_left () max by (namespace, release) (timestamp({said}))"
    known = f"group by (namespace, release, revision, track) ({each} == {newest})"
    assumed = f"group by (namespace, release, revision) ({pods}) unless on (namespace, release) {said}"
    return _record("release:revision_track:info", f'{known} or label_replace({assumed}, "track", "live", "", "")')


def _rates(subject: Subject) -> list[PrometheusRule]:
    """Requests a second, all, bulk and bad, by revision and for production as a whole.

    Bulk requests are told apart rather than left out, so that what was recorded before a server knew them stays true.
    """
    tracked = f"{_JOIN} release:revision_track:info{{{subject.labels}}}"
    timed, fast = _rate(subject, f"{_HISTOGRAM}_count"), _rate(subject, f"{_HISTOGRAM}_bucket", subject.bucket)
    bulk = f"({_rate(subject, f'{_BULK}_count')} or 0 * {timed})"
    failed = _rate(subject, f"{series.REQUESTS}_total", 'code=~"5.."')
    kinds = {"requests": f"({timed} + {bulk})", "bulk_requests": bulk}
    kinds |= {"slow_requests": f"clamp_min({timed} - {fast}, 0)", "failed_requests": f"({failed} or 0 * {timed})"}
    rules = [_record(f"revision:inference_{kind}:rate", f"{rate} * {tracked}") for kind, rate in kinds.items()]
    for kind in kinds:
        whole = f"sum by (namespace, release) (revision:inference_{kind}:rate{{{subject.labels},{PRODUCTION}}})"
        rules.append(_record(f"release:inference_{kind}:rate", whole))
    return rules


def _rate(subject: Subject, counter: str, *matchers: str) -> str:
    """What a counter of the pods grows by a second, by revision."""
    served = ",".join((subject.labels, _ROUTES, *matchers))
    return f"sum by ({_REVISION}) (rate({counter}{{{served}}}[{subject.pace.over(BASE_HOURS)}]))"


def _quantiles(subject: Subject) -> list[PrometheusRule]:
    """The 95th percentile in seconds, for people; alerts count slow requests instead, which needs no interpolation."""
    buckets = f"rate({_HISTOGRAM}_bucket{{{subject.labels},{_ROUTES}}}[{subject.pace.over(BASE_HOURS)}])"
    tracks = f"release:revision_track:info{{{subject.labels}"
    each = f"histogram_quantile(0.95, sum by ({_REVISION}, le) ({buckets})) * {_JOIN} {tracks}}}"
    production = f"{buckets} * {_JOIN} {tracks},{PRODUCTION}}}"
    whole = f"histogram_quantile(0.95, sum by (namespace, release, le) ({production}))"
    return [_record(f"revision:{_HISTOGRAM}:p95", each), _record(f"release:{_HISTOGRAM}:p95", whole)]


def _ratios(subject: Subject) -> list[PrometheusRule]:
    """The share of bad requests in each window; no series where there was no request."""
    return [
        _record("slo:sli_error:ratio", _share(subject, kind, hours), slo=slo, window=subject.pace.over(hours))
        for slo, kind in ((LATENCY, "slow_requests"), (ERRORS, "failed_requests"))
        for hours in WINDOW_HOURS
    ]


def _budgets(subject: Subject) -> list[PrometheusRule]:
    """What is left of the error budget: 1 all of it, below 0 more than all of it is spent."""
    budgets = ((LATENCY, "slow_requests", SLOW_RATIO), (ERRORS, "failed_requests", subject.error_budget))
    return [
        _record(
            "slo:error_budget_remaining:ratio", f"1 - ({_share(subject, kind, PERIOD_HOURS)}) / {budget:g}", slo=slo
        )
        for slo, kind, budget in budgets
        if budget > 0
    ]


def _share(subject: Subject, kind: str, hours: float) -> str:
    bad, all_, bulk = (_summed(subject, each, hours) for each in (kind, "requests", "bulk_requests"))
    judged = f"({all_} - ({bulk} or 0 * {all_}))" if kind == "slow_requests" else all_
    return f"{bad} / ({judged} > 0)"


def _summed(subject: Subject, kind: str, hours: float) -> str:
    """Production's requests of a kind in a window, as a rate or a sum of rates."""
    rate = f"release:inference_{kind}:rate{{{subject.labels}}}"
    return rate if hours == BASE_HOURS else f"sum_over_time({rate}[{subject.pace.over(hours)}])"
