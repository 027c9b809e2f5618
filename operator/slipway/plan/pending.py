"""Pending: the gates that need no pods run before any pod starts: governance, then logged metrics."""

from __future__ import annotations

from collections.abc import Iterable

from slipway.api.base import seconds
from slipway.api.revision import ModelRevision, Phase
from slipway.api.verdict import GateResult, Verdict
from slipway.gates import governance, metrics
from slipway.plan.actions import Plan
from slipway.plan.moves import move, wait
from slipway.plan.scene import Scene
from slipway.times import elapsed, stamp

RETRY_SECONDS = 5.0


def step(scene: Scene, candidate: ModelRevision) -> Plan:
    """Judge what can be judged without pods; an Error is tried again until the progress deadline."""
    results = tuple(_stamped(scene, result) for result in judge(scene, candidate))
    failed = [result for result in results if result.blocks]
    if not failed:
        why = ("Fetching", "fetching and verifying the model's artifacts")
        return move(scene, candidate, Phase.FETCHING, why, gates=results)
    worst = next((result for result in failed if result.verdict is Verdict.FAIL), failed[0])
    deadline = seconds(candidate.spec.policy.rollout.progress_deadline)
    late = elapsed(candidate.metadata.creation_timestamp, scene.now) > deadline
    if worst.verdict is Verdict.ERROR and not late:
        return wait(f"{worst.name}: {worst.message}", RETRY_SECONDS)
    return reject(scene, candidate, worst, results)


def reject(scene: Scene, candidate: ModelRevision, worst: GateResult, results: tuple[GateResult, ...]) -> Plan:
    """End the attempt on `worst`, keeping all the evidence."""
    phase = Phase.INCONCLUSIVE if worst.verdict is Verdict.INCONCLUSIVE else Phase.REJECTED
    why = (f"Gate{worst.verdict.value}", f"gate {worst.name}: {worst.message}")
    return move(scene, candidate, phase, why, gates=results)


def judge(scene: Scene, candidate: ModelRevision) -> Iterable[GateResult]:
    """The verdicts of the gates that need no pods."""
    gates = candidate.spec.policy.gates
    version = scene.version(candidate.spec.model.version)
    if gates.governance is not None:
        yield _governance(scene, gates.governance.policy, None if version is None else dict(version.tags))
    production = scene.version(scene.live.spec.model.version) if scene.live else None
    for gate in gates.metrics:
        if version is None or (scene.live is not None and production is None):
            yield _unread(f"metrics/{gate.name}")
        else:
            yield metrics.judge_logged(gate, version.metrics, production.metrics if production else None)


def _governance(scene: Scene, name: str, tags: dict[str, str] | None) -> GateResult:
    policy = scene.seen.policy
    if tags is None:
        return _unread("governance")
    if policy is None or policy.text is None:
        problem = policy.problem if policy else "not read"
        return GateResult(
            name="governance",
            verdict=Verdict.ERROR,
            message=f"ConfigMap {name}: {problem}; create it from governance.tags.yaml",
        )
    try:
        return governance.judge(governance.Policy.parse(policy.text), tags)
    except governance.PolicyError as error:
        return GateResult(name="governance", verdict=Verdict.ERROR, message=f"ConfigMap {name}: {error}"[:1000])


def _unread(name: str) -> GateResult:
    message = "the registry could not describe the version; it is asked again"
    return GateResult(name=name, verdict=Verdict.ERROR, message=message)


def _stamped(scene: Scene, result: GateResult) -> GateResult:
    return result.model_copy(update={"started_at": stamp(scene.now), "duration_seconds": 0.0})
