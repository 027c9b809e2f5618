"""Approval: whether a human's consent is needed, and whether what was given covers this candidate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from slipway.api.actors import UNVERIFIED
from slipway.api.base import seconds
from slipway.api.gates.specs import ApprovalGate
from slipway.api.gates.verdict import GateResult, Verdict
from slipway.gates.inline.governance import ApprovalDemand
from slipway.words.text import plain

NAME = "approval"
_APPROVE_AGAIN = (
    "with the admission webhook running, remove spec.gates.approval.approved and set it again (docs/actors.md)"
)


@dataclass(frozen=True, slots=True)
class Request:
    """What an approval is held against. Times are aware datetimes."""

    digest: str
    """Digest of the candidate's artifacts."""
    now: datetime
    waiting_since: datetime
    """When all other gates had answered."""
    given_at: datetime | None = None
    """When spec.gates.approval.approved was first seen with its present value."""
    approver: str | None = None
    """Who wrote it, as the API server knows; None where no admission webhook recorded it."""
    author: str | None = None
    """Who registered the model version, under the same kind of name as `approver`."""
    demanded: ApprovalDemand | None = None
    """What governance asks for."""
    inconclusive: tuple[str, ...] = ()
    """Gates without enough evidence that leave the decision to a human."""


def judge(gate: ApprovalGate, request: Request) -> GateResult:
    """Pass when no approval is needed or a valid one covers this candidate; Inconclusive while one is awaited.

    Fail when none came within `timeout`. An approval covers what its giver could know: one that was given before an
    Inconclusive gate had answered does not count for it.
    """
    reasons = tuple(_reasons(gate, request))
    if not reasons:
        return _result(Verdict.PASS, "no approval is needed", request, reasons)
    missing = _missing(gate, request)
    if missing is None:
        who = request.approver or UNVERIFIED
        return _result(
            Verdict.PASS, f"approved by {plain(who, 200)}, asked for by {' and '.join(reasons)}", request, reasons
        )
    waited = request.now - request.waiting_since
    if waited > timedelta(seconds=seconds(gate.timeout)):
        return _result(Verdict.FAIL, f"not approved within {gate.timeout}: {missing}", request, reasons)
    ask = f"waiting for approval, asked for by {' and '.join(reasons)}: {missing}"
    return _result(Verdict.INCONCLUSIVE, ask, request, reasons)


def expires_at(gate: ApprovalGate, request: Request) -> datetime:
    """When the answer of `judge` changes by time alone: the approval runs out, or the wait for one does."""
    if request.given_at is not None and _missing(gate, request) is None:
        return request.given_at + timedelta(seconds=seconds(gate.valid_for))
    return request.waiting_since + timedelta(seconds=seconds(gate.timeout))


def _reasons(gate: ApprovalGate, request: Request) -> list[str]:
    reasons = ["spec.gates.approval.required"] if gate.required else []
    if request.demanded:
        reasons += [f"governance rule {rule}" for rule in request.demanded.rules]
    return reasons + [f"gate {name}, which is Inconclusive" for name in request.inconclusive]


def _missing(gate: ApprovalGate, request: Request) -> str | None:
    """What keeps the approval from covering the candidate, and what to do; None when nothing does."""
    if gate.approved is None or request.given_at is None:
        return f"set spec.gates.approval.approved to {request.digest}"
    if gate.approved != request.digest:
        return f"{gate.approved} is approved, the candidate is {request.digest}"
    if request.now - request.given_at > timedelta(seconds=seconds(gate.valid_for)):
        return f"the approval is older than {gate.valid_for}; remove spec.gates.approval.approved and set it again"
    if request.inconclusive and request.given_at < request.waiting_since:
        return (
            "the approval was given before the gates were complete; remove spec.gates.approval.approved and "
            "set it again"
        )
    return _same_person(gate, request)


def _same_person(gate: ApprovalGate, request: Request) -> str | None:
    if not (gate.four_eyes or (request.demanded and request.demanded.four_eyes)):
        return None
    if request.approver is None or request.author is None:
        unknown = "who approved" if request.approver is None else "who registered the version"
        mend = _APPROVE_AGAIN if request.approver is None else "set the version's tag author"
        return f"two people are required, but nobody recorded {unknown}; {mend}"
    if request.approver.casefold() == request.author.strip().casefold():
        return f"{plain(request.approver, 200)} registered the version; someone else must approve it"
    return None


def _result(verdict: Verdict, message: str, request: Request, reasons: tuple[str, ...]) -> GateResult:
    details: dict[str, object] = {"reasons": list(reasons)}
    if request.given_at is not None:
        details |= {"approver": request.approver or UNVERIFIED, "givenAt": request.given_at.isoformat()}
    return GateResult(
        name=NAME,
        verdict=verdict,
        message=plain(message, 1024),
        method="spec.gates.approval.approved against the candidate's digest",
        measured_on={"candidate": request.digest},
        details=details,
    )
