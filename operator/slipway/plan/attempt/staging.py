"""Staging: every pod loads the model and makes a real prediction, held to the pinned digest."""

from __future__ import annotations

import json

from slipway.api.reasons import attempts
from slipway.api.revision import ModelRevision, Phase
from slipway.plan.attempt.fetching import POLL_SECONDS, bring_up, overdue, read_report
from slipway.plan.situation.observed import Pod
from slipway.plan.situation.scene import Scene
from slipway.plan.writing.actions import Apply, Plan
from slipway.plan.writing.moves import move, wait
from slipway.render import deployment, services
from slipway.words import names

CRASHES = 2
"""Restarts of one pod before it was ever ready that count as a crash loop."""


def step(scene: Scene, candidate: ModelRevision) -> Plan | None:
    """Wait until every pod is ready; end the attempt as soon as one says that it never will be."""
    return (
        _broken(scene, candidate)
        or _pin(scene, candidate)
        or bring_up(scene, candidate)
        or _ready(scene, candidate)
        or overdue(scene, candidate)
        or wait(f"{candidate.name}: {scene.ready_pods(candidate)} pods ready", POLL_SECONDS)
    )


def _broken(scene: Scene, candidate: ModelRevision) -> Plan | None:
    for pod in scene.seen.pods_of(candidate.name):
        report = read_report(pod)
        if report is not None and report.ok and report.digest != candidate.digest:
            message = f"pod {pod.name} fetched {report.digest}, but {candidate.digest} is pinned: the artifacts changed"
            return move(scene, candidate, Phase.REJECTED, (attempts.DIGEST_MISMATCH, message))
        if report is not None and pod.fetch_failed and not report.ok and not report.retryable:
            why = (
                (report.reason or attempts.FETCH_FAILED)[:64],
                (report.message or "the artifacts could not be fetched")[:1000],
            )
            return move(scene, candidate, Phase.REJECTED, why)
        failure = _load_failure(pod)
        if failure:
            return move(scene, candidate, Phase.REJECTED, (attempts.LOAD_FAILED, failure))
    return None


def _load_failure(pod: Pod) -> str | None:
    """Why the server in `pod` will never serve; None while it may."""
    try:
        report = json.loads(pod.exit_report or "null")
    except ValueError:
        report = None
    if isinstance(report, dict) and report.get("ok") is False:
        return f"the model cannot be loaded: {report.get('message')}"[:1000]
    if pod.restarts >= CRASHES and not pod.ready:
        return (
            f"pod {pod.name} exited {pod.restarts} times before it was ready: {(pod.exit_report or 'no message')[:500]}"
        )
    return None


def _pin(scene: Scene, candidate: ModelRevision) -> Plan | None:
    """Hold later pods to the digest that was seen first, where no tag promised one."""
    if candidate.spec.model.digest or candidate.digest is None or candidate.name in scene.seen.pins:
        return None
    return Plan(Apply(deployment.pin(candidate, candidate.digest)), again=0.0)


def _ready(scene: Scene, candidate: ModelRevision) -> Plan | None:
    current = scene.seen.deployments.get(candidate.name)
    if current is None or not current.settled or not scene.warm(candidate):
        return None
    staging = scene.seen.services.get(names.staging_service(scene.name))
    if staging is None or dict(staging.selector) != names.selector(scene.name, candidate.name):
        return Plan(Apply(services.staging(scene.seen.release, candidate.name)), again=0.0)
    why = (attempts.GATING, f"{current.ready} pods are ready; running the gates")
    return move(scene, candidate, Phase.GATING, why)
