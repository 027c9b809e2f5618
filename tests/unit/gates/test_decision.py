"""From the results of all gates to one decision."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.api.gates.specs import (
    ContractGate,
    ErrorPolicy,
    Gates,
    GovernanceGate,
    MetricGate,
    OnInconclusive,
    SmokeGate,
)
from slipway.api.gates.verdict import GateResult, Verdict
from slipway.gates.decision import GateAction, decide, expected, undecided

START = datetime(2026, 1, 1, tzinfo=UTC)
GATES = Gates(
    smoke=SmokeGate(on_inconclusive=OnInconclusive.APPROVE, on_error=ErrorPolicy(retries=2, backoff="10s")),
    metrics=(MetricGate(name="auc"),),
    governance=GovernanceGate(policy="tags"),
)


def result(name: str, verdict: Verdict = Verdict.PASS, attempts: int = 1) -> GateResult:
    return GateResult(
        name=name,
        verdict=verdict,
        message=f"{name} says {verdict}",
        attempts=attempts,
        started_at=START.isoformat(),
        duration_seconds=5,
    )


def results(**other: Verdict) -> list[GateResult]:
    verdicts = {"governance": Verdict.PASS, "metrics/auc": Verdict.PASS, "smoke": Verdict.PASS}
    return [result(name, verdict) for name, verdict in (verdicts | other).items()]


def test_cheap_gates_come_before_dear_ones() -> None:
    gates = GATES.model_copy(update={"contract": ContractGate()})
    assert list(expected(gates)) == ["governance", "contract", "metrics/auc", "smoke"]


def test_all_passed_promotes() -> None:
    assert decide(GATES, results()).action is GateAction.PROMOTE


def test_nothing_is_promoted_before_every_gate_has_answered() -> None:
    decision = decide(GATES, results()[:1])
    assert (decision.action, decision.gates) == (GateAction.RUN, ("metrics/auc", "smoke"))


def test_a_failure_rejects_without_waiting_for_the_rest() -> None:
    decision = decide(GATES, [result("governance", Verdict.FAIL)])
    assert (decision.action, decision.gates) == (GateAction.REJECT, ("governance",))
    assert "governance says Fail" in decision.message


def test_a_failure_is_named_before_an_inconclusive_gate() -> None:
    mixed = [result("metrics/auc", Verdict.INCONCLUSIVE), result("governance", Verdict.FAIL)]
    assert all(decide(GATES, order).gates == ("governance",) for order in permutations(mixed))


def test_an_error_runs_again_after_a_growing_pause_and_then_rejects() -> None:
    waits = []
    for attempts in (1, 2):
        decision = decide(GATES, [*results()[:2], result("smoke", Verdict.ERROR, attempts)])
        assert (decision.action, decision.gates) == (GateAction.RUN, ("smoke",))
        assert decision.at is not None
        waits.append(decision.at - START - timedelta(seconds=5))
    assert waits == [timedelta(seconds=10), timedelta(seconds=20)]
    ended = decide(GATES, [*results()[:2], result("smoke", Verdict.ERROR, 3)])
    assert ended.action is GateAction.REJECT
    assert "after 3 runs" in ended.message


def test_a_pause_is_five_minutes_at_most() -> None:
    patient = SmokeGate(on_error=ErrorPolicy(retries=10, backoff="1h"))
    decision = decide(Gates(smoke=patient), [result("smoke", Verdict.ERROR, 9)])
    assert decision.at == START + timedelta(seconds=5, minutes=5)


def test_an_inconclusive_gate_rejects_by_default() -> None:
    assert decide(GATES, results(**{"metrics/auc": Verdict.INCONCLUSIVE})).action is GateAction.REJECT


def test_an_inconclusive_gate_may_leave_it_to_a_human() -> None:
    unclear = results(smoke=Verdict.INCONCLUSIVE)
    assert undecided(GATES, unclear) == ("smoke",)
    assert decide(GATES, unclear).action is GateAction.APPROVAL
    assert decide(GATES, unclear, result("approval", Verdict.INCONCLUSIVE)).action is GateAction.APPROVAL
    assert decide(GATES, unclear, result("approval")).action is GateAction.PROMOTE


def test_an_approval_never_overrules_a_failure() -> None:
    assert decide(GATES, results(smoke=Verdict.FAIL), result("approval")).action is GateAction.REJECT


def test_an_approval_that_never_came_rejects() -> None:
    assert decide(GATES, results(), result("approval", Verdict.FAIL)).action is GateAction.REJECT


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ERROR])
def test_a_dry_run_is_reported_but_does_not_block(verdict: Verdict) -> None:
    gates = Gates(smoke=SmokeGate(dry_run=True))
    assert decide(gates, [result("smoke", verdict, attempts=9)]).action is GateAction.PROMOTE
    assert decide(gates, []).action is GateAction.RUN


def test_a_result_cannot_declare_itself_a_dry_run() -> None:
    excused = result("smoke", Verdict.FAIL).model_copy(update={"dry_run": True})
    assert decide(Gates(smoke=SmokeGate()), [excused]).action is GateAction.REJECT


verdicts = st.dictionaries(st.sampled_from(list(expected(GATES))), st.sampled_from(list(Verdict)))


@given(verdicts, st.sampled_from([None, *Verdict]))
def test_only_a_full_set_without_failure_or_error_is_ever_promoted(
    seen: dict[str, Verdict], approval: Verdict | None
) -> None:
    consent = None if approval is None else result("approval", approval)
    decision = decide(GATES, [result(name, verdict) for name, verdict in seen.items()], consent)
    if decision.action is GateAction.PROMOTE:
        assert seen.keys() == expected(GATES).keys()
        assert set(seen.values()) <= {Verdict.PASS, Verdict.INCONCLUSIVE}
        assert approval is Verdict.PASS or set(seen.values()) == {Verdict.PASS}


@given(verdicts, st.randoms(use_true_random=False))
def test_the_order_of_results_does_not_matter(seen: dict[str, Verdict], random: object) -> None:
    ordered = [result(name, verdict) for name, verdict in seen.items()]
    mixed = list(ordered)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert decide(GATES, ordered).action is decide(GATES, mixed).action
