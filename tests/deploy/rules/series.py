"""Series as Prometheus scrapes them from serving pods and from the operator."""

from __future__ import annotations

from dataclasses import dataclass

WHERE = 'namespace="demo",release="cancer"'
RELEASE = {"namespace": "demo", "release": "cancer"}
DAY = 1500
"""Minutes: a little more than the longest window of an alert."""


@dataclass(frozen=True)
class Span:
    """So many minutes with so many requests a minute, of which some are slow and some fail.

    `bulk` more have too many rows to be judged by latency; None: the server tells none apart, as older ones did.
    """

    minutes: int
    requests: int = 600
    slow: int = 0
    failed: int = 0
    bulk: int | None = None


def pods(*spans: Span, revision: str = "cancer-r1", bucket: str = "0.2") -> dict[str, str]:
    """What the pods of one revision count, from their start on."""
    labels = f'{WHERE},revision="{revision}",model_version="{revision[-1]}",pod="{revision}-x"'
    histogram = "inference_request_duration_seconds"
    bulk = {
        f'inference_bulk_request_duration_seconds_count{{{labels},route="invocations"}}': _counter(
            [s.bulk or 0 for s in spans], spans
        )
    }
    return {
        **(bulk if any(span.bulk is not None for span in spans) else {}),
        f"inference_model_info{{{labels}}}": f"1x{sum(span.minutes for span in spans)}",
        f'{histogram}_count{{{labels},route="invocations"}}': _counter([s.requests for s in spans], spans),
        f'{histogram}_bucket{{{labels},route="invocations",le="+Inf"}}': _counter([s.requests for s in spans], spans),
        f'{histogram}_bucket{{{labels},route="invocations",le="{bucket}"}}': _counter(
            [s.requests - s.slow for s in spans], spans
        ),
        f'inference_requests_total{{{labels},route="invocations",code="200"}}': _counter(
            [s.requests + (s.bulk or 0) - s.failed for s in spans], spans
        ),
        f'inference_requests_total{{{labels},route="invocations",code="503"}}': _counter(
            [s.failed for s in spans], spans
        ),
    }


def _counter(steps: list[int], spans: tuple[Span, ...]) -> str:
    """A counter that grows by so much a minute, in promtool's notation."""
    parts, at = [], 0
    for step, span in zip(steps, spans, strict=True):
        parts.append(f"{at}+{step}x{span.minutes - 1}")
        at += step * span.minutes
    return " ".join(parts)


def track(name: str, revision: str = "cancer-r1", values: str = f"1x{DAY}") -> dict[str, str]:
    """The part that the operator says a revision has."""
    labels = f'{WHERE},revision="{revision}",model_version="{revision[-1]}",track="{name}"'
    return {f"slipway_revision_track{{{labels}}}": values}


def gauge(name: str, values: str, **labels: str) -> dict[str, str]:
    """A gauge of the operator about the release."""
    extra = "".join(f',{key}="{value}"' for key, value in labels.items())
    return {f"{name}{{{WHERE}{extra}}}": values}


def condition(name: str, values: str) -> dict[str, str]:
    """A condition of the release."""
    return gauge("slipway_release_condition", values, condition=name)
