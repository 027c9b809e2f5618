"""A human's consent to a candidate: when it was asked for, when it was given, and whether it counts."""

from __future__ import annotations

from datetime import datetime

from slipway.api.actors import UNVERIFIED, Part, rule
from slipway.api.gates.verdict import GateResult
from slipway.api.reasons import decisions, rules
from slipway.api.revision import Consent, ModelRevision
from slipway.gates import approval
from slipway.gates.decision import GateAction, GateDecision, decide, undecided
from slipway.gates.inline.governance import ApprovalDemand
from slipway.plan.situation.scene import Scene
from slipway.plan.writing import moves
from slipway.plan.writing.actions import NOW, Decision, Plan
from slipway.plan.writing.moves import note, wait
from slipway.words.times import parse, stamp

POLL_SECONDS = 60.0


def record(scene: Scene, candidate: ModelRevision) -> Plan | None:
    """Write down what spec.gates.approval.approved names and since when, and since when all gates have answered."""
    known = candidate.status.consent or Consent()
    given = scene.seen.release.spec.gates.approval.approved
    approver = _approver(scene)
    if given != known.approved or (given and approver not in (None, known.approver)):
        at = stamp(scene.now) if given else None
        consent = known.model_copy(update={"approved": given, "given_at": at, "approver": approver if given else None})
        return moves.record(candidate, _given(scene, candidate, given), consent=consent)
    decided = decide(candidate.spec.policy.gates, candidate.status.gates)
    answered = decided.action in (GateAction.PROMOTE, GateAction.APPROVAL)
    if answered and known.waiting_since is None and _needed(candidate):
        return _waiting(candidate, known.model_copy(update={"waiting_since": stamp(scene.now)}))
    return None


def _waiting(candidate: ModelRevision, consent: Consent) -> Plan:
    """From now on a human is waited for, unless the consent is there already."""
    if consent.approved == candidate.digest:
        return note(candidate, consent=consent)
    what = f"all gates are complete; to approve, set spec.gates.approval.approved to {candidate.digest}"
    details = {"version": candidate.spec.model.version}
    asked = Decision(decisions.APPROVAL_ASKED, candidate.name, what, rule(rules.APPROVAL), details=details)
    return moves.record(candidate, asked, consent=consent)


def _approver(scene: Scene) -> str | None:
    """Who gave the consent that the spec has. It is written down at once: a later edit without the webhook hides it."""
    by = scene.who(Part.APPROVED)
    return None if by == UNVERIFIED else by


def _given(scene: Scene, candidate: ModelRevision, digest: str | None) -> Decision:
    what = f"spec.gates.approval.approved names {digest}" if digest else "spec.gates.approval.approved was removed"
    action = decisions.APPROVED if digest else decisions.APPROVAL_WITHDRAWN
    return Decision(action, candidate.name, what, actor=scene.who(Part.APPROVED))


def judge(scene: Scene, candidate: ModelRevision) -> GateResult | None:
    """The answer of the approval; None while nothing has to be asked."""
    state, digest = candidate.status.consent, candidate.digest
    if state is None or state.waiting_since is None or digest is None:
        return None
    gate = candidate.spec.policy.gates.approval.model_copy(update={"approved": state.approved})
    return approval.judge(gate, _request(scene, candidate, digest, parse(state.waiting_since)))


def ask(scene: Scene, candidate: ModelRevision, decision: GateDecision) -> Plan:
    """Wait for a human; look again when the wait is over."""
    state = candidate.status.consent
    if state is None or state.waiting_since is None or candidate.digest is None:
        return Plan(again=NOW)
    request = _request(scene, candidate, candidate.digest, parse(state.waiting_since))
    until = approval.expires_at(candidate.spec.policy.gates.approval, request)
    return wait(decision.message, max(1.0, min(POLL_SECONDS, (until - scene.now).total_seconds())))


def _request(scene: Scene, candidate: ModelRevision, digest: str, since: datetime) -> approval.Request:
    state = candidate.status.consent or Consent()
    return approval.Request(
        digest=digest,
        now=scene.now,
        waiting_since=since,
        given_at=parse(state.given_at) if state.given_at else None,
        approver=state.approver,
        author=candidate.spec.model.author,
        demanded=_demanded(candidate),
        inconclusive=undecided(candidate.spec.policy.gates, candidate.status.gates),
    )


def _needed(candidate: ModelRevision) -> bool:
    gates = candidate.spec.policy.gates
    return gates.approval.required or _demanded(candidate) is not None or bool(undecided(gates, candidate.status.gates))


def _demanded(candidate: ModelRevision) -> ApprovalDemand | None:
    """What governance asked for, as its evidence has it."""
    result = next((r for r in candidate.status.gates if r.name == "governance"), None)
    demand = result.details.get("approval") if result else None
    return ApprovalDemand(tuple(demand["rules"]), bool(demand["fourEyes"])) if demand else None
