"""A newer operator computes the same hashes from today's releases: an upgrade starts no attempt (docs/adr/0025)."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.api.release import ReleaseSpec
from slipway.api.revision import PinnedServer, Policy
from slipway.plan.situation.scene import Desired
from slipway.words.canonical import digest_of

MODEL = {"name": "churn", "candidate": {"alias": "staging"}}

SERVER: dict[str, Any] = {
    "replicas": 3,
    "autoscaling": {"minReplicas": 1, "maxReplicas": 5, "targetCPUUtilization": 70},
    "minReadySeconds": 5,
    "image": "registry.example/server:1",
    "resources": {"requests": {"cpu": "1"}, "limits": {"memory": "2Gi"}},
    "podTemplate": {
        "labels": {"team": "risk"},
        "annotations": {"note": "x"},
        "env": [{"name": "A", "value": "b"}],
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "gpu", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
        "priorityClassName": "high",
    },
}
GATES: dict[str, Any] = {
    "smoke": {"batch": {"rows": 8}, "requestsFrom": {"configMap": "requests"}},
    "metrics": [
        {"name": "auc", "minimum": 0.9},
        {
            "name": "log_loss",
            "source": "Rescore",
            "mode": "Statistical",
            "direction": "LowerIsBetter",
            "maximum": 0.4,
            "dataset": {"label": "y", "positive": "1", "score": "0"},
            "segments": {"column": "region", "minimum": 0.1, "maximum": 0.5},
        },
    ],
    "governance": {"policy": "tags"},
    "contract": {"allowedFlavors": ["sklearn"], "ignoredRequirements": ["pytest"]},
    "approval": {"required": True, "approved": f"sha256:{'0' * 64}", "fourEyes": True},
    "custom": [{"name": "fair", "job": {"image": "fair:1", "command": ["run"], "args": ["x"], "env": [{"name": "B"}]}}],
}
ROLLOUT = {"steps": [{"weight": 10}, {"weight": 50, "pause": True}], "onNoData": "Rollback"}
EVERYTHING = {
    "model": MODEL,
    "server": SERVER,
    "gates": GATES,
    "rollout": ROLLOUT,
    "slo": {"latency": {"p95": "100ms"}, "errors": {"ratio": 0.02}},
    "traffic": {
        "router": "Gateway",
        "gateway": {"parentRefs": [{"name": "public"}], "hostnames": ["churn.example"], "sessionAffinity": {}},
    },
    "rollback": {"to": "previous", "reason": "it answers late"},
}


def desired(spec: ReleaseSpec) -> Desired:
    policy = Policy(gates=spec.gates.pinned(), rollout=spec.rollout, slo=spec.slo)
    return Desired("7", PinnedServer(image="server:1", native_image="native:1", config=spec.server), policy)


@pytest.mark.parametrize(
    ("spec", "serving", "policy"),
    [
        pytest.param({"model": MODEL}, "9c2aa202e4d9", "9852b5269da6", id="nothing set"),
        pytest.param(EVERYTHING, "e3e67cf3267a", "37100767def2", id="everything set"),
    ],
)
def test_a_release_that_sets_no_new_field_keeps_its_hashes(spec: dict[str, Any], serving: str, policy: str) -> None:
    wanted = desired(ReleaseSpec.model_validate(spec))
    assert (wanted.serving_hash, wanted.policy_hash) == (serving, policy)


def test_the_identity_of_a_route_and_of_a_rollback_stay_too() -> None:
    spec = ReleaseSpec.model_validate(EVERYTHING)
    assert spec.traffic.gateway is not None
    assert spec.rollback is not None
    assert (digest_of(spec.traffic.gateway.wire()), digest_of(spec.rollback.wire())) == ("bff6d8c9c105", "1231ed97cf9b")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"replicas": 9}, id="replicas"),
        pytest.param({"autoscaling": {"minReplicas": 2, "maxReplicas": 3}}, id="autoscaling"),
        pytest.param({"minReadySeconds": 30}, id="minReadySeconds"),
    ],
)
def test_the_number_of_pods_is_no_part_of_what_they_serve(change: dict[str, Any]) -> None:
    before = ReleaseSpec.model_validate({"model": MODEL})
    after = ReleaseSpec.model_validate({"model": MODEL, "server": change})
    assert desired(after).serving_hash == desired(before).serving_hash


def test_an_approval_given_is_no_part_of_the_policy() -> None:
    approved = {"approval": {**GATES["approval"], "approved": f"sha256:{'1' * 64}"}}
    other = ReleaseSpec.model_validate({**EVERYTHING, "gates": {**GATES, **approved}})
    assert desired(other).policy_hash == desired(ReleaseSpec.model_validate(EVERYTHING)).policy_hash
