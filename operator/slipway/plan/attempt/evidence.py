"""How a gate's result becomes evidence: stamped with when, how often and on what it was measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from slipway.api.actors import rule
from slipway.api.gates.specs import Gate
from slipway.api.gates.verdict import GateResult, Verdict
from slipway.api.reasons import decisions, rules
from slipway.api.revision import ModelRevision
from slipway.gates.decision import expected
from slipway.gates.evidence import identity, measured_on
from slipway.plan.situation.scene import Scene
from slipway.plan.writing.actions import Decision, Plan
from slipway.plan.writing.moves import record
from slipway.plan.writing.outbox import hashes
from slipway.words.times import stamp

COMPARISONS = ("metrics/", "contract", "custom/")
"""Gates that are told of production: their verdicts hold for that production alone."""


def identity_of(revision: ModelRevision | None) -> str | None:
    """What stands for `revision` in a result's measuredOn."""
    return identity(revision.name, revision.digest) if revision else None


def against(gate: str, production: ModelRevision | None) -> str | None:
    """The production that `gate` compares with; None for a gate that looks at the candidate alone."""
    return identity_of(production) if gate.startswith(COMPARISONS) else None


def stamped(scene: Scene, candidate: ModelRevision, result: GateResult) -> GateResult:
    """`result` with its attempt, its time and both sides, as the operator knows them."""
    before = next((r for r in candidate.status.gates if r.name == result.name), None)
    gate: Gate | None = expected(candidate.spec.policy.gates).get(result.name)
    sided = measured_on(result, identity_of(candidate) or "", against(result.name, scene.live))
    return sided.model_copy(
        update={
            "attempts": before.attempts + 1 if before else 1,
            "dry_run": gate.dry_run if gate else False,
            "started_at": result.started_at or stamp(scene.now),
            "duration_seconds": result.duration_seconds or 0.0,
        }
    )


def merged(results: Iterable[GateResult], fresh: Iterable[GateResult]) -> tuple[GateResult, ...]:
    """`results` with the `fresh` ones in place of older ones of the same name."""
    newest = {result.name: result for result in (*results, *fresh)}
    return tuple(newest.values())


def judged(candidate: ModelRevision, fresh: Sequence[GateResult]) -> Plan:
    """Write down the `fresh` verdicts."""
    decision = Decision(
        action=decisions.GATES_JUDGED,
        revision=candidate.name,
        message="; ".join(f"{result.name}: {result.verdict.value}, {result.message}" for result in fresh)[:1024],
        actor=rule(rules.GATES),
        warning=any(result.verdict is Verdict.FAIL for result in fresh),
        details={result.name: result.verdict.value for result in fresh},
        evidence=hashes(fresh),
    )
    return record(candidate, decision, gates=merged(candidate.status.gates, fresh))
