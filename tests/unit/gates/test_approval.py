"""Approval: a human's consent to one candidate."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from slipway.api.gates.specs import ApprovalGate
from slipway.api.gates.verdict import Verdict
from slipway.gates.approval import Request, expires_at, judge
from slipway.gates.inline.governance import ApprovalDemand

DIGEST, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
NEEDED = ApprovalGate(required=True)
GIVEN = ApprovalGate(required=True, approved=DIGEST)
ASKED = Request(digest=DIGEST, now=NOON, waiting_since=NOON - HOUR)
ANSWERED = replace(ASKED, given_at=NOON - HOUR / 2, approver="ann")
TWO = ApprovalDemand(("high-risk",), four_eyes=True)


def test_without_any_demand_nothing_is_awaited() -> None:
    assert judge(ApprovalGate(), ASKED).verdict is Verdict.PASS


@pytest.mark.parametrize(
    "request_", [replace(ASKED, demanded=TWO), replace(ASKED, inconclusive=("smoke",))], ids=["governance", "gate"]
)
def test_governance_and_inconclusive_gates_can_demand_it(request_: Request) -> None:
    result = judge(ApprovalGate(), request_)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert f"set spec.gates.approval.approved to {DIGEST}" in result.message


def test_an_approval_of_this_candidate_passes_and_names_who_gave_it() -> None:
    result = judge(GIVEN, ANSWERED)
    assert (result.verdict, result.details["approver"]) == (Verdict.PASS, "ann")


def test_an_approver_that_nobody_verified_is_recorded_as_such() -> None:
    assert judge(GIVEN, replace(ANSWERED, approver=None)).details["approver"] == "unverified"


def test_an_approval_does_not_carry_over_to_another_candidate() -> None:
    result = judge(GIVEN, replace(ANSWERED, digest=OTHER))
    assert result.verdict is Verdict.INCONCLUSIVE
    assert f"the candidate is {OTHER}" in result.message


def test_an_approval_expires() -> None:
    late = replace(ANSWERED, given_at=NOON - 25 * HOUR, waiting_since=NOON - 26 * HOUR)
    assert "older than 24h" in judge(GIVEN, late).message


def test_an_approval_covers_only_what_its_giver_could_know() -> None:
    early = replace(ANSWERED, given_at=NOON - 2 * HOUR, inconclusive=("smoke",))
    assert "before the gates were complete" in judge(GIVEN, early).message
    assert judge(GIVEN, replace(ANSWERED, inconclusive=("smoke",))).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("approver", "author", "verdict"),
    [
        ("ann", "bob", Verdict.PASS),
        ("ann", "ann", Verdict.INCONCLUSIVE),
        (None, "bob", Verdict.INCONCLUSIVE),
        ("ann", None, Verdict.INCONCLUSIVE),
    ],
)
def test_four_eyes_are_two_known_persons(approver: str | None, author: str | None, verdict: Verdict) -> None:
    asked = replace(ANSWERED, approver=approver, author=author)
    assert judge(GIVEN, replace(asked, demanded=TWO)).verdict is verdict
    assert judge(GIVEN.model_copy(update={"four_eyes": True}), asked).verdict is verdict


def test_the_wait_ends() -> None:
    forgotten = replace(ASKED, waiting_since=NOON - 73 * HOUR)
    result = judge(NEEDED, forgotten)
    assert (result.verdict, "not approved within 72h" in result.message) == (Verdict.FAIL, True)


def test_the_next_change_by_time_alone_is_known() -> None:
    assert expires_at(NEEDED, ASKED) == NOON - HOUR + 72 * HOUR
    assert expires_at(GIVEN, ANSWERED) == NOON - HOUR / 2 + 24 * HOUR
