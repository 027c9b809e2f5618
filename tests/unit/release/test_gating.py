"""Gates in the life of a release: retries, dry runs, Jobs with their inputs, and a human's consent."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.release.fakes import DIGEST
from tests.unit.release.world import NAME, World, version

RESCORE = {
    "name": "auc",
    "source": "Rescore",
    "mode": "Statistical",
    "onInconclusive": "Approve",
    "dataset": {"label": "target"},
}


def verdicts(**by_gate: str) -> Any:
    """What gate pods write: `by_gate` for the gates named (dashes as underscores), Pass for the rest."""

    def verdict(gate: str) -> str:
        found = by_gate.get(gate.replace("-", "_"), "Pass")
        return json.dumps({"verdict": found, "message": f"{gate} says {found}", "n": 100})

    return verdict


@pytest.fixture
def world() -> World:
    world = World()
    world.alias("1")
    return world


def result(world: World, revision: int, gate: str) -> dict[str, Any]:
    """The evidence of one gate."""
    return next(g for g in world.revision(revision)["gates"] if g["name"] == gate)


async def test_a_gate_that_cannot_measure_is_run_again_and_then_given_up(world: World) -> None:
    world.cluster.verdict = verdicts(smoke="Error")
    await world.settle()
    assert result(world, 1, "smoke")["attempts"] == 3
    assert world.revision(1)["phase"] == "Rejected"
    assert world.revision(1)["reason"] == "GateError"


async def test_a_policy_that_is_not_there_is_waited_for_before_any_pod_starts(world: World) -> None:
    world.edit(gates={"smoke": {}, "governance": {"policy": "nowhere", "onError": {"retries": 1}}})
    await world.settle()
    assert result(world, 1, "governance")["attempts"] == 2
    assert world.revision(1)["reason"] == "GateError"
    assert "ConfigMap nowhere" in world.revision(1)["message"]
    assert not [1 for _, kind, _ in world.cluster.writes if kind == "Deployment"]


MINE = {"kind": "ConfigMap", "metadata": {"name": "mine", "namespace": "demo"}}
LINE = json.dumps({"instances": [[1.0]]})


@pytest.mark.parametrize("data", [None, {"other.jsonl": LINE}])
async def test_requests_that_are_not_there_are_an_error_before_any_job(world: World, data: dict[str, str]) -> None:
    if data:
        world.put({**MINE, "data": data})
    world.edit(gates={"smoke": {"requestsFrom": {"configMap": "mine"}, "onError": {"retries": 1}}})
    await world.settle(hours=0.05)
    assert result(world, 1, "smoke")["attempts"] == 2
    assert "ConfigMap mine: " in world.revision(1)["message"]
    assert world.revision(1)["reason"] == "GateError"
    assert world.names("Job") == []


async def test_requests_that_come_in_time_are_sent_once(world: World) -> None:
    world.edit(gates={"smoke": {"requestsFrom": {"configMap": "mine"}, "onError": {"backoff": "1m"}}})
    await world.until("Gating")
    for _ in range(3):
        await world.step()
    assert result(world, 1, "smoke")["verdict"] == "Error"
    world.put(
        {"kind": "ConfigMap", "metadata": {"name": "mine", "namespace": "demo"}, "data": {"requests.jsonl": LINE}}
    )
    await world.settle()
    assert world.names("Job") == [f"{NAME}-r1-smoke-1"]
    assert result(world, 1, "smoke")["attempts"] == 2
    assert world.status["live"]["version"] == "1"


async def test_a_revision_keeps_the_policy_that_it_was_judged_by(world: World) -> None:
    await world.until("Gating")
    judged = result(world, 1, "governance")
    key = ("ConfigMap", "demo", "governance-tags")
    stricter = world.cluster.objects[key]["data"]["governance.tags.yaml"].replace("owner", "pii")
    world.put({**world.cluster.objects[key], "data": {"governance.tags.yaml": stricter}})
    await world.settle()
    assert result(world, 1, "governance") == judged
    assert judged["measuredOn"]["policy"].startswith("sha256:")
    assert world.status["live"]["version"] == "1"
    world.alias("2")
    await world.settle()
    assert "tag pii" in world.revision(2)["message"], "the next one is judged by the policy of its own day"


async def test_an_error_that_passes_is_forgotten(world: World) -> None:
    world.cluster.verdict = verdicts(smoke="Error")
    await world.until("Gating")
    for _ in range(6):
        await world.step()
    world.cluster.verdict = verdicts()
    await world.settle()
    assert result(world, 1, "smoke")["attempts"] == 2
    assert world.status["live"]["version"] == "1"


async def test_a_dry_run_reports_and_does_not_block(world: World) -> None:
    world.cluster.verdict = verdicts(smoke="Fail")
    world.edit(gates={"smoke": {"dryRun": True}})
    await world.settle()
    assert result(world, 1, "smoke")["verdict"] == "Fail"
    assert result(world, 1, "smoke")["dryRun"] is True
    assert world.status["live"]["version"] == "1"


async def test_without_enough_evidence_nothing_is_promoted(world: World) -> None:
    world.cluster.verdict = verdicts(smoke="Inconclusive")
    await world.settle()
    assert world.revision(1)["phase"] == "Inconclusive"
    assert world.serving is None


async def test_an_inconclusive_comparison_can_be_left_to_a_human(world: World) -> None:
    gates = {"smoke": {}, "metrics": [RESCORE]}
    world.cluster.verdict = verdicts(metrics_auc="Inconclusive")
    world.edit(gates=gates)
    await world.settle(hours=0.1)
    assert world.status["phase"] == "Gating"
    assert f"set spec.gates.approval.approved to {DIGEST}" in world.status["message"]
    world.edit(gates={**gates, "approval": {"approved": "sha256:" + "e" * 64}})
    await world.settle(hours=0.1)
    assert world.serving is None, "consent to another digest is no consent"
    world.edit(gates={**gates, "approval": {"approved": DIGEST}})
    await world.settle(hours=0.1)
    assert world.status["live"]["version"] == "1"
    assert world.names("ModelRevision") == [f"{NAME}-r1"], "consent is no part of the policy: no new attempt"
    consent = result(world, 1, "approval")
    assert (consent["verdict"], consent["measuredOn"]["candidate"]) == ("Pass", f"{NAME}-r1 {DIGEST}")
    assert "approved by unverified" in consent["message"]


async def test_an_approval_that_never_comes_ends_the_attempt(world: World) -> None:
    world.edit(gates={"smoke": {}, "approval": {"required": True, "timeout": "1h"}})
    await world.settle(hours=3)
    assert world.revision(1)["phase"] == "Rejected"
    assert "not approved within 1h" in world.revision(1)["message"]


async def test_governance_can_demand_an_approval(world: World) -> None:
    policy = """
apiVersion: slipway.dev/v1alpha1
kind: GovernancePolicy
tags: [{name: risk.tier, required: true}]
rules: [{name: four-eyes-for-high-risk, when: {risk.tier: high}, approval: {}}]
"""
    key = ("ConfigMap", "demo", "governance-tags")
    world.put({**world.cluster.objects[key], "data": {"governance.tags.yaml": policy}})
    world.registry.described["1"] = version("1", **{"risk.tier": "high"})
    await world.settle(hours=0.1)
    assert "four-eyes-for-high-risk" in world.status["message"]
    assert world.serving is None


async def test_a_rescoring_job_gets_the_verified_artifacts_and_no_credentials(world: World) -> None:
    world.edit(gates={"metrics": [RESCORE]})
    await world.until("Watching")
    job = world.cluster.objects[("Job", "demo", f"{NAME}-r1-metrics-auc-1")]
    pod = job["spec"]["template"]["spec"]
    assert pod["initContainers"][0]["args"][:1] == ["fetch"]
    assert {"name": "model", "mountPath": "/model", "readOnly": True} in pod["containers"][0]["volumeMounts"]
    assert not any(variable["name"].startswith("MLFLOW") for variable in pod["containers"][0]["env"])
    assert pod["automountServiceAccountToken"] is False


async def test_a_custom_gate_runs_its_own_image_and_cannot_pose_as_the_operator(world: World) -> None:
    environment = [{"name": "SLIPWAY_CANDIDATE_URL", "value": "http://elsewhere"}, {"name": "MODE", "value": "strict"}]
    custom = {"name": "fairness", "job": {"image": "fairness:1", "command": ["check"], "env": environment}}
    world.edit(gates={"custom": [custom]})
    await world.until("Watching")
    container = world.cluster.objects[("Job", "demo", f"{NAME}-r1-custom-fairness-1")]["spec"]["template"]["spec"][
        "containers"
    ][0]
    told = {variable["name"]: variable["value"] for variable in container["env"]}
    assert (container["image"], container["command"], told["MODE"]) == ("fairness:1", ["check"], "strict")
    assert told["SLIPWAY_CANDIDATE_URL"] == f"http://{NAME}-r1.demo.svc:80"


async def test_a_gate_whose_image_cannot_be_pulled_is_an_error_at_once(world: World) -> None:
    world.cluster.stuck_gates = frozenset({"custom-fairness"})
    world.edit(gates={"custom": [{"name": "fairness", "job": {"image": "no/such:image"}}]})
    await world.settle(hours=0.05)
    assert result(world, 1, "custom/fairness")["verdict"] == "Error"
    assert "cannot be pulled" in world.revision(1)["message"]


async def test_the_log_of_a_gate_that_rejected_can_still_be_read(world: World) -> None:
    world.cluster.verdict = verdicts(smoke="Fail")
    await world.settle()
    named = result(world, 1, "smoke")["measuredOn"]["job"]
    assert world.names("Job") == [named]
    assert world.cluster.objects[("Job", "demo", named)]["spec"]["ttlSecondsAfterFinished"] == 86_400
    assert world.names("Deployment") == []


async def test_smoke_goes_first_and_alone(world: World) -> None:
    world.cluster.verdict = verdicts(smoke="Fail")
    world.edit(gates={"smoke": {}, "metrics": [RESCORE]})
    await world.settle()
    assert not [1 for _, kind, name in world.cluster.writes if kind == "Job" and "auc" in name]


async def test_a_comparison_with_a_production_that_is_no_more_is_made_again(world: World) -> None:
    await world.settle()
    world.alias("2")
    await world.settle(hours=0.1)
    world.edit(gates={"smoke": {}, "metrics": [RESCORE], "approval": {"required": True}})
    world.alias("3")
    await world.settle(hours=0.05)
    assert result(world, 3, "metrics/auc")["measuredOn"]["production"].startswith(f"{NAME}-r2 ")
    world.cluster.unready.add(f"{NAME}-r2")
    await world.settle(hours=0.01)
    assert world.serving == f"{NAME}-r1", "production was taken back while the candidate waited"
    assert result(world, 3, "metrics/auc")["measuredOn"]["production"].startswith(f"{NAME}-r1 ")
    jobs = [name for name in world.names("Job") if "r3-metrics-auc" in name]
    assert len(jobs) == 2, "a Job that compared with the old production is not read again"


MLMODEL = """
flavors:
  python_function: {loader_module: mlflow.sklearn}
  sklearn: {serialization_format: skops}
signature:
  inputs: '[{"type": "double", "name": "radius", "required": true}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 2]}}]'
"""


@pytest.mark.parametrize(
    ("requirements", "verdict"), [("scikit-learn==1.9.1", "Pass"), ("scikit-learn==1.6.1", "Fail")]
)
async def test_the_contract_is_judged_before_any_pod_starts(world: World, requirements: str, verdict: str) -> None:
    described = replace(version("1"), mlmodel=MLMODEL, requirements=requirements)
    world.registry.described["1"] = described
    world.edit(gates={"smoke": {}, "contract": {}})
    await world.settle()
    assert result(world, 1, "contract")["verdict"] == verdict
    assert (world.serving is not None) is (verdict == "Pass")
    assert verdict == "Pass" or not [1 for _, kind, _ in world.cluster.writes if kind == "Deployment"]


async def test_a_contract_that_cannot_be_read_is_an_error_and_never_a_pass(world: World) -> None:
    world.edit(gates={"smoke": {}, "contract": {}})
    await world.settle()
    assert result(world, 1, "contract")["verdict"] == "Error"
    assert world.serving is None
