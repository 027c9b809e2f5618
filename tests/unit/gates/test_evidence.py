"""A comparison is worth something only against today's production."""

from slipway.api.gates.verdict import GateResult, Verdict
from slipway.gates.evidence import identity, measured_on, run_number, stale

OLD, NEW = identity("m-r1", "sha256:1"), identity("m-r2", "sha256:2")


def result(name: str, production: str | None) -> GateResult:
    bare = GateResult(name=name, verdict=Verdict.PASS, message="fine")
    return measured_on(bare, identity("m-r3", "sha256:3"), production)


def test_what_was_measured_is_in_the_evidence() -> None:
    assert result("smoke", OLD).measured_on == {"candidate": "m-r3 sha256:3", "production": "m-r1 sha256:1"}


def test_a_gates_own_evidence_stays() -> None:
    told = GateResult(
        name="metrics/auc", verdict=Verdict.PASS, message="m", measured_on={"dataset": "d", "candidate": "other"}
    )
    assert measured_on(told, "m-r3", None).measured_on == {"dataset": "d", "candidate": "other"}


def test_comparisons_with_todays_production_stand() -> None:
    assert stale([result("metrics/auc", OLD), result("contract", OLD)], OLD) == ()


def test_comparisons_with_another_production_are_made_again() -> None:
    assert stale([result("metrics/auc", OLD), result("smoke", None), result("governance", None)], NEW) == (
        "metrics/auc",
    )


def test_what_looks_at_the_candidate_alone_stands() -> None:
    assert stale([result("smoke", OLD), result("governance", OLD)], NEW) == ()


def test_a_built_in_job_knows_best_which_production_it_was_pointed_at() -> None:
    told = GateResult(name="metrics/auc", verdict=Verdict.PASS, message="m", measured_on={"production": OLD})
    assert stale([measured_on(told, "m-r3", NEW)], NEW) == ("metrics/auc",)


def test_a_custom_gate_cannot_say_what_it_was_measured_on() -> None:
    told = GateResult(name="custom/fair", verdict=Verdict.PASS, message="m", measured_on={"production": "sha256:x"})
    assert measured_on(told, "m-r3", NEW).measured_on == {"candidate": "m-r3", "production": NEW}
    assert stale([measured_on(told, "m-r3", NEW)], NEW) == ()


def test_a_run_against_another_production_is_never_read_again() -> None:
    assert run_number(0, {}, OLD) == 1
    assert run_number(0, {1: OLD}, OLD) == 1
    assert run_number(0, {1: OLD}, NEW) == 2
    assert run_number(0, {1: OLD, 2: NEW}, NEW) == 2
    assert run_number(0, {1: None}, OLD) == 2
    assert run_number(2, {1: OLD, 2: NEW}, NEW) == 3, "the second attempt against today's production is a new run"
    assert run_number(0, {1: OLD, 2: NEW}, OLD) == 3, "production went back: what was measured before it is not reused"


def test_a_run_is_read_once() -> None:
    assert run_number(1, {1: OLD}, OLD) == 2
    assert run_number(1, {1: OLD, 2: OLD}, OLD) == 2
    assert run_number(1, {}, OLD) == 2, "the Job that was read is gone"
    assert run_number(0, {1: None}, None) == 1, "an Error without a Job does not count as a run"


def test_the_same_artifacts_under_another_revision_are_another_production() -> None:
    assert stale([result("metrics/auc", OLD)], identity("m-r9", "sha256:1")) == ("metrics/auc",)


def test_a_first_release_that_is_overtaken_is_compared_after_all() -> None:
    assert stale([result("metrics/auc", None), result("custom/fair", None)], OLD) == ("metrics/auc", "custom/fair")
    assert stale([result("metrics/auc", None)], None) == ()
