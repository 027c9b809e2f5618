"""Why a gate's Job ended, from what the Job and its container say."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.gates import job as gate_verdict
from slipway.observe.views import autoscaler_view, job_view, pod_view


def scaler(kind: str, **labels: str) -> dict[str, Any]:
    target = {"apiVersion": "apps/v1", "kind": kind, "name": "cancer-r1"}
    return {"metadata": {"name": "a", "uid": "u", "labels": labels}, "spec": {"scaleTargetRef": target}}


def test_an_autoscaler_is_ours_only_with_both_labels_and_only_deployments_count() -> None:
    ours = {"slipway.dev/release": "cancer", "app.kubernetes.io/managed-by": "slipway"}
    for labels, expected in ((ours, True), ({}, False), ({"slipway.dev/release": "cancer"}, False)):
        seen = autoscaler_view(scaler("Deployment", **labels), "cancer")
        assert seen is not None
        assert (seen.deployment, seen.ours) == ("cancer-r1", expected)
    assert autoscaler_view(scaler("StatefulSet", **ours), "cancer") is None


def job(reason: str | None) -> dict[str, Any]:
    failed = {"type": "Failed", "status": "True", "reason": reason, "lastTransitionTime": "2026-01-01T00:00:00Z"}
    return {"metadata": {"name": "gate-1", "uid": "u", "labels": {}}, "status": {"conditions": [failed]}}


def pod(ended: dict[str, Any] | None) -> dict[str, Any]:
    meta = {"name": "gate-1-x", "labels": {"job-name": "gate-1"}, "creationTimestamp": "2026-01-01T00:00:00Z"}
    state = {"terminated": ended} if ended else {}
    return {"metadata": meta, "status": {"containerStatuses": [{"name": "gate", "state": state}]}}


@pytest.mark.parametrize(
    ("reason", "ended", "sentence"),
    [
        ("BackoffLimitExceeded", {"exitCode": 137, "reason": "OOMKilled"}, "ran out of memory"),
        ("BackoffLimitExceeded", {"exitCode": 137, "reason": "Error"}, "killed (exit code 137)"),
        ("BackoffLimitExceeded", {"exitCode": 2, "reason": "Error"}, "exit code 2"),
        ("DeadlineExceeded", {"exitCode": 137, "reason": "Error"}, "ran out of time"),
        ("DeadlineExceeded", None, "ran out of time"),
    ],
)
def test_the_sentence_names_the_cause(reason: str, ended: dict[str, Any] | None, sentence: str) -> None:
    view = job_view(job(reason), [pod(ended)])
    said = gate_verdict.read("custom/check", view.message, view.exit_code, view.reason)
    assert sentence in said.message


def test_a_pod_says_when_its_present_process_started_and_how_many_there_were_before() -> None:
    running = {"restartCount": 2, "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}
    manifest = {"metadata": {"name": "a", "labels": {}}, "status": {"containerStatuses": [running]}}
    seen = pod_view(manifest)
    assert (seen.started, seen.restarts) == ("2026-01-01T00:00:00Z", 2)
    waiting = {"restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    assert pod_view({**manifest, "status": {"containerStatuses": [waiting]}}).started is None
