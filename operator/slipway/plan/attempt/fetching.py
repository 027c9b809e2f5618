"""Fetching: pods start, their init containers fetch and verify; the first digest seen is pinned."""

from __future__ import annotations

import json

from pydantic import ValidationError

from slipway.api.base import Frozen, seconds
from slipway.api.reasons import attempts, stalls
from slipway.api.revision import Fetched, ModelRevision, Phase
from slipway.plan.production.pods import mended
from slipway.plan.situation.observed import Pod
from slipway.plan.situation.scene import Scene
from slipway.plan.situation.sizing import size_of
from slipway.plan.writing.actions import Apply, Plan
from slipway.plan.writing.moves import move, stall, wait
from slipway.render import services
from slipway.words.times import elapsed

POLL_SECONDS = 1.0


class FetchReport(Frozen):
    """What the init container writes as its termination message. Untrusted: it comes from a pod."""

    ok: bool
    digest: str | None = None
    bytes: int | None = None
    flavor: str | None = None
    compiled: bool | None = None
    why: str | None = None
    reason: str | None = None
    message: str | None = None
    retryable: bool = False


def step(scene: Scene, candidate: ModelRevision) -> Plan | None:
    """Bring the pods up and wait for the first digest."""
    for pod in scene.seen.pods_of(candidate.name):
        report = read_report(pod)
        if report is None:
            continue
        if report.ok and report.digest:
            return _fetched(scene, candidate, report)
        if pod.fetch_failed and not report.retryable:
            reason, message = (
                report.reason or attempts.FETCH_FAILED,
                report.message or "the artifacts could not be fetched",
            )
            return move(scene, candidate, Phase.REJECTED, (reason[:64], message[:1000]))
    return bring_up(scene, candidate) or overdue(scene, candidate) or wait(_progress(scene, candidate), POLL_SECONDS)


def _fetched(scene: Scene, candidate: ModelRevision, report: FetchReport) -> Plan:
    try:
        fetched = Fetched.model_validate(
            {
                "digest": report.digest,
                "size_bytes": report.bytes,
                "flavor": report.flavor and report.flavor[:64],
                "compiled": report.compiled,
                "message": report.why and report.why[:1000],
            }
        )
    except ValidationError as error:
        why = (
            attempts.BAD_FETCH_REPORT,
            f"the fetch report of {candidate.name} is malformed: {error.errors()[0]['msg']}",
        )
        return move(scene, candidate, Phase.REJECTED, why)
    why = (attempts.STAGING, f"artifacts verified as {fetched.digest}; waiting for the pods to load the model")
    return move(scene, candidate, Phase.STAGING, why, digest=fetched.digest, fetched=fetched)


def read_report(pod: Pod) -> FetchReport | None:
    """The init container's report; None where there is none or it is not one."""
    try:
        return FetchReport.model_validate(json.loads(pod.fetch_report or ""))
    except (ValueError, ValidationError):
        return None


def bring_up(scene: Scene, candidate: ModelRevision) -> Plan | None:
    """The candidate's Service and Deployment, where they are missing or were changed by hand."""
    if candidate.spec.model.registry not in scene.seen.settings.registries:
        return stall(stalls.UNKNOWN_REGISTRY, f"registry {candidate.spec.model.registry} is no longer configured")
    if candidate.name not in scene.seen.services:
        return Plan(Apply(services.of_revision(candidate)), again=0.0)
    action = mended(scene, candidate, size_of(scene, candidate))
    return Plan(action, again=POLL_SECONDS) if action else None


def overdue(scene: Scene, candidate: ModelRevision) -> Plan | None:
    """Reject an attempt whose fetching and staging took longer than the progress deadline."""
    started = next((t.started_at for t in candidate.status.timings if t.phase is Phase.FETCHING), None)
    deadline = candidate.spec.policy.rollout.progress_deadline
    if elapsed(started, scene.now) <= seconds(deadline):
        return None
    message = f"not ready after {deadline}: {_progress(scene, candidate)}"
    return move(scene, candidate, Phase.REJECTED, (attempts.DEADLINE_EXCEEDED, message))


def _progress(scene: Scene, candidate: ModelRevision) -> str:
    """What the pods are waiting for, in one sentence."""
    pods = scene.seen.pods_of(candidate.name)
    for pod in pods:
        report = read_report(pod)
        last_words = (pod.fetch_report or "").strip().splitlines()[-1:]
        said = report.message if report else next(iter(last_words), None)
        problem = pod.unschedulable or (said if pod.fetch_failed else None) or pod.waiting
        if problem:
            return f"pod {pod.name}: {problem}"[:900]
    return f"{scene.ready_pods(candidate)} of {max(len(pods), 1)} pods are ready"
