"""Counters from a pod's metrics page."""

from __future__ import annotations

import pytest

from slipway.metrics.pods import counted
from slipway.plan.observed import Counters

PAGE = """
# TYPE inference_requests_total counter
inference_requests_total{route="invocations",code="200"} 90
inference_requests_total{route="invocations",code="400"} 6
inference_requests_total{route="invocations",code="503"} 4
# TYPE inference_request_duration_seconds histogram
inference_request_duration_seconds_bucket{route="invocations",le="0.1"} 70
inference_request_duration_seconds_bucket{route="invocations",le="0.2"} 95
inference_request_duration_seconds_bucket{route="invocations",le="+Inf"} 100
inference_request_duration_seconds_count{route="invocations"} 100
inference_request_duration_seconds_sum{route="invocations"} 9
"""


def test_slow_and_failed_requests_are_told_apart_and_bad_requests_are_nobodys_fault() -> None:
    assert counted(PAGE, 0.2) == Counters(requests=100, slow=5, errors=4)


def test_without_a_bucket_at_the_objective_a_pod_is_as_good_as_unread() -> None:
    with pytest.raises(ValueError, match=r"ends at 0\.123 s"):
        counted(PAGE, 0.123)


def test_an_empty_page_counts_nothing() -> None:
    assert counted("", 0.2) == Counters(0, 0, 0)


def test_nonsense_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"."):
        counted('inference_requests_total{code="200"} many', 0.2)
