"""What the API server itself says to gates that cannot be, and a governance policy that it enforces on labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from slipway.cli.lint.admission_policy import manifests
from slipway.gates.inline.governance import GovernancePolicy
from tests.e2e.cluster import Cluster
from tests.e2e.kubectl import Refused, kubectl
from tests.e2e.releases import manifest
from tests.e2e.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

MODEL = {"name": "m", "candidate": {"alias": "staging"}}
DATA = {"label": "target"}
REFUSED = [
    pytest.param({"smoke": {"requests": 58}}, "greater than or equal to 59", id="too few requests to show a p95"),
    pytest.param({"smoke": {"requests": 60_000}}, "take longer than timeout", id="a load longer than its timeout"),
    pytest.param({"metrics": [{"name": "lift"}]}, "direction of this metric is not known", id="a directionless metric"),
    pytest.param({"metrics": [{"name": "auc"}, {"name": "auc"}]}, "Duplicate value", id="a metric twice"),
    pytest.param({"metrics": [{"name": "auc", "source": "Rescore"}]}, "needs a dataset", id="rescoring without rows"),
    pytest.param(
        {"metrics": [{"name": "precision", "source": "Rescore", "dataset": DATA}]},
        "source Rescore computes",
        id="a metric that rescoring does not know",
    ),
    pytest.param(
        {"metrics": [{"name": "auc", "mode": "Statistical"}]}, "compares row by row", id="statistics of logged figures"
    ),
    pytest.param(
        {"metrics": [{"name": "auc", "source": "Rescore", "dataset": {**DATA, "artifact": "../secret"}}]},
        "should match",
        id="an artifact outside the model",
    ),
    pytest.param(
        {"metrics": [{"name": "auc", "source": "Rescore", "dataset": DATA, "loggedOn": "holdout"}]},
        "loggedOn names the dataset of a logged figure",
        id="the dataset of a logged figure where none is taken",
    ),
    pytest.param({"approval": {"approved": "v2"}}, "should match", id="an approval of no digest"),
    pytest.param({"custom": [{"name": "Fair", "job": {"image": "x"}}]}, "should match", id="a gate name in capitals"),
    pytest.param({"custom": [{"name": "fair"}]}, "Required value", id="a custom gate without a job"),
]

ACCEPTED = {
    "smoke": {"batch": {"rows": 8}, "requestsFrom": {"configMap": "mine"}, "onInconclusive": "Approve"},
    "metrics": [
        {"name": "auc", "source": "Rescore", "mode": "Statistical", "dataset": DATA, "segments": {"column": "site"}},
        {"name": "lift", "direction": "HigherIsBetter", "dryRun": True, "onError": {"retries": 0}},
        {"name": "f1", "loggedOn": "holdout"},
    ],
    "contract": {"allowedFlavors": ["sklearn"]},
    "approval": {"required": True, "approved": "sha256:" + "0" * 64, "fourEyes": True},
    "custom": [{"name": "fairness", "job": {"image": "example.com/fairness:1", "args": ["0.05"]}}],
}


@pytest.mark.parametrize(("gates", "words"), REFUSED)
def test_a_gate_that_cannot_be_is_refused_with_a_sentence(gates: dict[str, Any], words: str, namespace: str) -> None:
    with pytest.raises(Refused) as refused:
        kubectl("create", "--dry-run=server", "-f", "-", manifest=manifest(namespace, "bad", model=MODEL, gates=gates))
    assert words in str(refused.value)


def test_every_kind_of_gate_is_accepted(namespace: str) -> None:
    good = manifest(namespace, "good", model=MODEL, gates=ACCEPTED)
    assert "created" in kubectl("create", "--dry-run=server", "-f", "-", manifest=good)


POLICY = GovernancePolicy.parse(
    r"""
apiVersion: slipway.dev/v1alpha1
kind: GovernancePolicy
tags:
  - {name: team, required: true, label: true, pattern: '[a-z]+(-[a-z]+)?'}
  - {name: risk.tier, required: true, label: true, allowed: [low, high]}
  - {name: git.sha, required: true}
rules:
  - {name: high-risk, when: {risk.tier: high}, approval: {}}
"""
)


@pytest.fixture
def enforced(cluster: Cluster, namespace: str) -> Iterator[None]:
    """The policy, in this namespace only, once the API server has taken it up."""
    policy, binding = manifests(POLICY, namespace)
    binding["spec"]["matchResources"] = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    }
    for each in (policy, binding):
        kubectl("apply", "-f", "-", manifest=each)
    kubectl(
        "wait", "--for=jsonpath={.status.observedGeneration}", f"validatingadmissionpolicy/{namespace}", "--timeout=30s"
    )
    yield
    for kind in ("validatingadmissionpolicybinding", "validatingadmissionpolicy"):
        kubectl("delete", kind, namespace)


def attempt(namespace: str, gates: dict[str, Any] | None = None, **labels: str) -> str:
    """What the API server says to a release with `labels`."""
    release = manifest(namespace, "labelled", model=MODEL, gates=gates or {})
    release["metadata"]["labels"] = {name.replace("_", "."): value for name, value in labels.items()}
    try:
        return kubectl("create", "--dry-run=server", "-f", "-", manifest=release)
    except Refused as refused:
        return str(refused)


@pytest.mark.usefixtures("enforced")
def test_a_governance_policy_is_enforced_on_labels_by_the_api_server_itself(namespace: str) -> None:
    until("the policy is enforced", lambda: "label team is missing" in attempt(namespace), within=30)

    assert "label risk.tier is not as the policy wants it" in attempt(namespace, team="credit", risk_tier="huge")
    assert "label team is not as the policy wants it" in attempt(namespace, team="Credit", risk_tier="low")
    assert "created" in attempt(namespace, team="credit-risk", risk_tier="low")
    assert "rule high-risk requires spec.gates.approval.required" in attempt(namespace, team="credit", risk_tier="high")
    assert "created" in attempt(namespace, {"approval": {"required": True}}, team="credit", risk_tier="high")
