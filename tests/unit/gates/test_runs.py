"""Which gates run where."""

from importlib.util import find_spec

from slipway.api.gates import ContractGate, Gates, GovernanceGate, SmokeGate
from slipway.gates.decision import expected
from slipway.gates.runs import in_operator, in_pods

GATES = Gates.model_validate(
    {
        "smoke": {"requestsFrom": {"configMap": "mine"}, "timeout": "2m"},
        "metrics": [
            {"name": "auc", "source": "Rescore", "dataset": {"label": "target"}},
            {"name": "log_loss"},
        ],
        "governance": {"policy": "tags"},
        "contract": {},
        "custom": [{"name": "fairness", "job": {"image": "example.com/fairness:1"}}],
    }
)


def test_every_gate_runs_in_exactly_one_place() -> None:
    assert in_operator(GATES) == ("governance", "contract", "metrics/log_loss")
    assert [gate.name for gate in in_pods(GATES)] == ["metrics/auc", "smoke", "custom/fairness"]
    assert {*in_operator(GATES), *(gate.name for gate in in_pods(GATES))} == set(expected(GATES))


def test_a_job_is_told_what_it_needs() -> None:
    rescore, smoke, custom = in_pods(GATES)
    assert (rescore.module, rescore.needs_model) == ("rescore", True)
    assert (smoke.module, smoke.needs_model, smoke.deadline_seconds) == ("smoke", False, 150)
    assert smoke.requests is not None
    assert smoke.requests.config_map == "mine"
    assert custom.container is not None
    assert (custom.module, custom.container.image) == (None, "example.com/fairness:1")


def test_every_module_exists() -> None:
    assert all(find_spec(f"slipway.jobs.{gate.module}") for gate in in_pods(GATES) if gate.module)


def test_gates_that_are_not_asked_for_do_not_run() -> None:
    assert in_pods(Gates(smoke=None)) == ()
    assert in_operator(Gates(smoke=SmokeGate(), governance=GovernanceGate(policy="p"), contract=ContractGate())) == (
        "governance",
        "contract",
    )
