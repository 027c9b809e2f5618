"""Pending: the gates that need no pods run before any pod starts: governance, contract, logged metrics."""

from __future__ import annotations

from collections.abc import Iterable

from slipway.api.actors import written
from slipway.api.gates.specs import Gates, MetricGate, MetricSource
from slipway.api.gates.verdict import GateResult, Verdict
from slipway.api.reasons import attempts
from slipway.api.revision import ModelRevision, Phase
from slipway.gates.decision import GateAction, GateDecision, decide
from slipway.gates.inline import contract, governance, metrics
from slipway.plan.attempt.evidence import judged, stamped
from slipway.plan.situation.observed import Version
from slipway.plan.situation.scene import Scene
from slipway.plan.writing.actions import Plan
from slipway.plan.writing.moves import move, wait


def step(scene: Scene, candidate: ModelRevision) -> Plan:
    """Judge what can be judged without pods, an Error as often as its policy says; then fetch."""
    results = candidate.status.gates
    decision = decide(_without_pods(candidate.spec.policy.gates), results)
    if decision.action is GateAction.REJECT:
        return reject(scene, candidate, decision)
    if decision.action is not GateAction.RUN:
        why = (attempts.FETCHING, "fetching and verifying the model's artifacts")
        return move(scene, candidate, Phase.FETCHING, why, by=written(candidate.spec.intake.actor))
    if decision.at is not None and decision.at > scene.now:
        return wait(decision.message, (decision.at - scene.now).total_seconds())
    fresh = [stamped(scene, candidate, result) for result in judge(scene, candidate) if result.name in decision.gates]
    return judged(candidate, fresh)


def _without_pods(gates: Gates) -> Gates:
    """`gates` without those that need pods: an Error among the rest is run again before any pod starts."""
    logged = tuple(gate for gate in gates.metrics if gate.source is MetricSource.LOGGED)
    return gates.model_copy(update={"smoke": None, "metrics": logged, "custom": ()})


def inline(gates: Gates) -> dict[str, MetricGate | None]:
    """The gates that need no pods, by the name of their result."""
    named: dict[str, MetricGate | None] = {"governance": None} if gates.governance else {}
    named |= {contract.NAME: None} if gates.contract else {}
    logged = (gate for gate in gates.metrics if gate.source is MetricSource.LOGGED)
    return named | {f"metrics/{gate.name}": gate for gate in logged}


def reject(scene: Scene, candidate: ModelRevision, decision: GateDecision) -> Plan:
    """End the attempt; the evidence stays."""
    results = {result.name: result for result in candidate.status.gates}
    decided = results.get(decision.gates[0]) if decision.gates else None
    inconclusive = decided is not None and decided.verdict is Verdict.INCONCLUSIVE
    reason = f"Gate{decided.verdict.value}" if decided else attempts.NOT_APPROVED
    phase = Phase.INCONCLUSIVE if inconclusive else Phase.REJECTED
    return move(scene, candidate, phase, (reason, decision.message))


def judge(scene: Scene, candidate: ModelRevision) -> Iterable[GateResult]:
    """The verdicts of the gates that need no pods."""
    gates = candidate.spec.policy.gates
    version = scene.version(candidate.spec.model.version)
    if gates.governance is not None:
        yield _governance(scene, gates.governance.policy, None if version is None else dict(version.tags))
    production = scene.version(scene.live.spec.model.version) if scene.live else None
    if gates.contract is not None:
        yield _contract(scene, candidate, version, production)
    for name, gate in inline(gates).items():
        if gate is None:
            continue
        if version is None or (scene.live is not None and production is None):
            yield _unread(scene, name)
        else:
            yield metrics.judge_logged(gate, version.metrics, production.metrics if production else None)


def _governance(scene: Scene, name: str, tags: dict[str, str] | None) -> GateResult:
    policy = scene.seen.policy
    if tags is None:
        return _unread(scene, "governance")
    if policy is None or policy.text is None:
        problem = policy.problem if policy else "not read"
        message = f"ConfigMap {name}: {problem}; create it from governance.tags.yaml"
        return GateResult(name="governance", verdict=Verdict.ERROR, message=message)
    try:
        return governance.judge(governance.GovernancePolicy.parse(policy.text), tags)
    except governance.PolicyError as error:
        return GateResult(name="governance", verdict=Verdict.ERROR, message=f"ConfigMap {name}: {error}"[:1000])


def _contract(
    scene: Scene, candidate: ModelRevision, version: Version | None, production: Version | None
) -> GateResult:
    """The candidate's files against production's and against the server image."""
    gate, settings = candidate.spec.policy.gates.contract, scene.seen.settings
    registry = settings.registries.get(candidate.spec.model.registry)
    if gate is None or registry is None or version is None or (scene.live is not None and production is None):
        return _unread(scene, contract.NAME)
    try:
        ours = _files(version)
        theirs = _files(production) if production else None
    except contract.ContractError as error:
        return GateResult(name=contract.NAME, verdict=Verdict.ERROR, message=f"the model's files: {error}"[:1000])
    trust = contract.Trust(allow_code=registry.allow_code, allow_pickle=registry.allow_pickle)
    return contract.judge(gate, ours, theirs, settings.packages(candidate.spec.server.image), trust)


def _files(version: Version) -> contract.ModelFiles:
    if version.mlmodel is None:
        raise contract.ContractError(f"MLmodel of version {version.version} could not be read from the registry")
    return contract.files(version.mlmodel, version.requirements, version.unlisted_types)


def _unread(scene: Scene, name: str) -> GateResult:
    asked = {version: scene.undescribed(version) for version in sorted(scene.seen.registry.versions)}
    says = "; ".join(f"version {version}: {why.says}" for version, why in asked.items() if why) or "it was not asked"
    message = f"the registry could not describe what is compared; retrying: {says}"
    return GateResult(name=name, verdict=Verdict.ERROR, message=message[:1000])
