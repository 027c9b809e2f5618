"""The board "W7 Inference Overview": what production of one release does, held against its objectives."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from dashboards.parts import AMBER, BLUE, GREEN, RED, board, change, choice, event, lines, number

TITLE, UID = "W7 Inference Overview", "w7-inference-overview"
OF = 'namespace="$namespace",release="$release"'
ROUTES = 'route=~"invocations|v2"'
PRODUCTION = f'release:revision_track:info{{{OF},track=~"live|canary"}}'
REVISION = "{{track}} · {{revision}} · v{{model_version}}"
_HISTOGRAM = "inference_request_duration_seconds_bucket"
_MOST_LATENCY = f"on (namespace, release) slipway_release_objective_latency_seconds{{{OF}}}"
_MOST_ERRORS = f"on (namespace, release) slipway_release_objective_errors_ratio{{{OF}}}"
_OBJECTIVE = (f"slipway_release_objective_latency_seconds{{{OF}}}", "objective for p95")


def overview() -> Dashboard:
    """All of it."""
    made = (
        board(TITLE, UID, "Requests, latency and errors of one release, by revision, against its objectives.")
        .with_variable(choice("namespace", "label_values(slipway_revision_track, namespace)"))
        .with_variable(choice("release", 'label_values(slipway_revision_track{namespace="$namespace"}, release)'))
    )
    for annotation in _annotations():
        made.annotation(annotation)
    for title, panels in (
        ("Now", _now()), ("Production", _production()), ("Budget and saturation", _budget()), ("Releases", _releases())
    ):  # fmt: skip
        made.with_row(Row(title))
        for panel in panels:
            made.with_panel(panel)
    return made


def _annotations() -> list:
    verdicts = f'sum by (gate, verdict) (slipway_gate_verdicts_total{{{OF},verdict!="Pass"}})'
    return [
        event("Promotions", GREEN, f"slipway_release_last_promotion_timestamp_seconds{{{OF}}}", "promoted"),
        event(
            "Rollbacks",
            RED,
            f"slipway_release_last_rollback_timestamp_seconds{{{OF}}}",
            "rolled back from {{from_revision}} to {{to_revision}} by {{trigger}}",
        ),
        change(
            "Gates",
            AMBER,
            f"{verdicts} - ({verdicts} offset 15s or 0 * {verdicts}) > 0",
            "gate {{gate}}: {{verdict}}",
        ),
    ]


def _now() -> list:
    slow = 'slo="latency"'
    return [
        number(
            "Live version", "string", (f'slipway_revision_track{{{OF},track="live"}}', "v{{model_version}}"),
            text="name", base=BLUE, about="The model version that production serves.",
        ),
        number("Requests", "reqps", (f"release:inference_requests:rate{{{OF}}}", ""), base=BLUE),
        number(
            "p95 against its objective", "percentunit",
            (f"release:inference_request_duration_seconds:p95{{{OF}}} / {_MOST_LATENCY}", ""),
            [(0.8, AMBER), (1.0, RED)], about="100 %: the 95th percentile is what spec.slo allows.",
        ),
        number(
            "Errors against their objective", "percentunit",
            (f"release:inference_failed_requests:rate{{{OF}}} / (release:inference_requests:rate > 0) / "
             f"{_MOST_ERRORS}", ""),
            [(0.8, AMBER), (1.0, RED)], about="100 %: the share of 5xx answers is what spec.slo allows.",
        ),
        number(
            "Latency budget left", "percentunit", (f"slo:error_budget_remaining:ratio{{{OF},{slow}}}", ""),
            [(0.0, AMBER), (0.5, GREEN)], base=RED, about="Of the requests that may be slow within the period.",
        ),
        number(
            "Alerts firing", "none", (f'count(ALERTS{{{OF},alertstate="firing"}}) or vector(0)', ""), [(1, RED)],
        ),
    ]  # fmt: skip


def _production() -> list:
    buckets = f"rate({_HISTOGRAM}{{{OF},{ROUTES}}}[$__rate_interval])"
    joined = f"sum by (le) ({buckets} * on (namespace, release, revision) group_left () {PRODUCTION})"
    quantiles = [(f"histogram_quantile({q / 100:g}, {joined})", f"p{q}") for q in (50, 95, 99)]
    share = f"release:inference_failed_requests:rate{{{OF}}} / (release:inference_requests:rate > 0)"
    each = (
        f"revision:inference_failed_requests:rate{{{OF}}} / (revision:inference_requests:rate{{{OF}}} > 0)",
        REVISION,
    )
    allowed = (f"slipway_release_objective_errors_ratio{{{OF}}}", "objective for errors")
    return [
        lines(
            "Requests by revision", "reqps", (f"revision:inference_requests:rate{{{OF}}}", REVISION),
            (f"release:inference_bulk_requests:rate{{{OF}}}", "of more rows than latency is judged on"),
        ),
        lines(
            "Latency of production", "s", *quantiles, _OBJECTIVE, limit=_OBJECTIVE[1],
            about="Live and canary together. Interpolated between buckets; the objective is one of the bounds. "
            "Requests of more rows than spec.slo.latency.maxRows are not in it.",
        ),
        lines(
            "p95 by revision", "s", (f"revision:inference_request_duration_seconds:p95{{{OF}}}", REVISION), _OBJECTIVE,
            limit=_OBJECTIVE[1],
        ),
        lines("Error ratio of production", "percentunit", (share, "errors"), allowed, limit=allowed[1]),
        lines("Error ratio by revision", "percentunit", each, allowed, limit=allowed[1]),
        lines(
            "Answers by code", "reqps",
            (f"sum by (code) (rate(inference_requests_total{{{OF},{ROUTES}}}[$__rate_interval]))", "{{code}}"),
        ),
    ]  # fmt: skip


def _budget() -> list:
    pods = f"sum by (pod) (inference_in_flight_requests{{{OF}}})"
    ratio = f'slo:sli_error:ratio{{{OF},slo="latency"}}'
    return [
        lines("Error budget left", "percentunit", (f"slo:error_budget_remaining:ratio{{{OF}}}", "{{slo}}")),
        lines(
            "Slow requests by window", "percentunit", (ratio, "{{window}}"), ("vector(0.05)", "objective"),
            limit="objective", about="What the burn-rate alerts compare: each needs a long and a short window.",
        ),
        lines("In flight by pod", "short", (pods, "{{pod}}"), about="Requests being answered: saturation."),
        lines(
            "Timeouts and cut connections", "ops",
            (f"sum(rate(inference_timeouts_total{{{OF}}}[$__rate_interval]))", "predictions that took too long"),
            (f"sum(rate(inference_slow_clients_total{{{OF}}}[$__rate_interval]))", "clients too slow to read"),
        ),
        lines(
            "Rows per call of the model", "short",
            (f"sum(rate(inference_batch_rows_sum{{{OF}}}[$__rate_interval])) / "
             f"(sum(rate(inference_batch_rows_count{{{OF}}}[$__rate_interval])) > 0)", "mean"),
        ),
        lines(
            "Pods by revision", "short",
            (f"count by (revision, track) (inference_model_info{{{OF}}} * on (namespace, release, revision) "
             f"group_left (track) release:revision_track:info{{{OF}}})", "{{track}} · {{revision}}"),
        ),
    ]  # fmt: skip


def _releases() -> list:
    return [
        lines("Traffic by revision", "percentunit", (f"slipway_revision_traffic_ratio{{{OF}}}", "{{revision}}")),
        lines(
            "Gate verdicts", "short",
            (f"sum by (gate, verdict) (slipway_gate_verdicts_total{{{OF}}})", "{{gate}}: {{verdict}}"),
            about="Since the operator's start.",
        ),
        lines(
            "Conditions", "bool", (f"slipway_release_condition{{{OF}}}", "{{condition}}"),
            about="As kubectl describe modelrelease shows them; none while unknown.",
        ),
    ]  # fmt: skip
