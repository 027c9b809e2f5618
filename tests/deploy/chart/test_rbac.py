"""What the operator may do. A change here is a change of rights: it has to be made on purpose."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.cluster.kube import KINDS
from tests.deploy.chart.conftest import Objects, Render

READ = {"get", "list", "watch"}
OWN = READ | {"create", "patch", "delete"}

WEBHOOK = "slipway-webhook.slipway-system"

RIGHTS = {
    "slipway.dev/modelreleases": READ,
    "slipway.dev/modelreleases/status": {"get", "update", "patch"},
    "slipway.dev/modelrevisions": OWN,
    "slipway.dev/modelrevisions/status": {"get", "update", "patch"},
    "apps/deployments": OWN,
    "/services": OWN,
    "/configmaps": OWN,
    "/pods": READ,
    "batch/jobs": OWN,
    "policy/poddisruptionbudgets": OWN,
    "gateway.networking.k8s.io/httproutes": OWN,
    "autoscaling/horizontalpodautoscalers": OWN - {"watch"},
    "monitoring.coreos.com/servicemonitors": OWN,
    "monitoring.coreos.com/prometheusrules": OWN,
    "/events": {"create", "patch"},
    "events.k8s.io/events": {"create", "patch"},
}


def rights(role: dict[str, Any]) -> dict[str, set[str]]:
    """Resource → verbs."""
    granted: dict[str, set[str]] = {}
    for rule in role["rules"]:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                granted.setdefault(f"{group}/{resource}", set()).update(rule["verbs"])
    return granted


def test_the_operator_has_exactly_these_rights(render: Render) -> None:
    objects = render()
    assert rights(objects["ClusterRole", "slipway"]) == RIGHTS
    assert objects["ClusterRoleBinding", "slipway"]["roleRef"]["name"] == "slipway"


def test_with_namespaces_it_has_them_there_alone(render: Render) -> None:
    objects = render(watchNamespaces=["a", "b"])
    assert ("ClusterRole", "slipway") not in objects
    assert ("ClusterRoleBinding", "slipway") not in objects
    for namespace in ("a", "b"):
        assert rights(objects["Role", f"{namespace}/slipway"]) == RIGHTS
        binding = objects["RoleBinding", f"{namespace}/slipway"]
        subject = {"kind": "ServiceAccount", "name": "slipway", "namespace": "slipway-system"}
        assert binding["subjects"] == [subject]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_that_the_operator_handles_is_covered(render: Render, kind: str) -> None:
    resource, objects = KINDS[kind], render()
    operators = (objects["ClusterRole", name] for name in ("slipway", WEBHOOK))
    assert any(f"{resource.group}/{resource.name}" in rights(role) for role in operators)


@pytest.mark.parametrize("namespaces", [[], ["a"]])
def test_of_all_webhooks_it_may_touch_its_own_alone(render: Render, namespaces: list[str]) -> None:
    objects = render(watchNamespaces=namespaces)
    (rule,) = objects["ClusterRole", WEBHOOK]["rules"]
    assert rule["resourceNames"] == [WEBHOOK] == [objects["MutatingWebhookConfiguration", WEBHOOK]["metadata"]["name"]]
    assert rule["resources"] == ["mutatingwebhookconfigurations"]
    assert set(rule["verbs"]) == {"get", "patch"}


def test_without_the_webhook_it_has_no_such_right(render: Render) -> None:
    assert ("ClusterRole", WEBHOOK) not in render(webhook={"enabled": False})


def every_role(objects: Objects) -> list[dict[str, Any]]:
    return [role for (kind, _), role in objects.items() if kind in ("Role", "ClusterRole")]


@pytest.mark.parametrize("namespaces", [[], ["a"]])
def test_no_role_reaches_secrets_or_into_pods(render: Render, namespaces: list[str]) -> None:
    for role in every_role(render(watchNamespaces=namespaces)):
        resources = {resource for rule in role["rules"] for resource in rule["resources"]}
        verbs = {verb for rule in role["rules"] for verb in rule["verbs"]}
        assert not resources & {"secrets", "pods/exec", "pods/portforward", "serviceaccounts/token", "*"}
        assert not verbs & {"*", "escalate", "bind", "impersonate"}


def test_people_may_edit_releases_and_only_read_the_evidence(render: Render) -> None:
    objects = render()
    edit, view = objects["ClusterRole", "slipway-edit"], objects["ClusterRole", "slipway-view"]
    assert set(rights(edit)) == {"slipway.dev/modelreleases"}
    assert rights(view) == {"slipway.dev/modelreleases": READ, "slipway.dev/modelrevisions": READ}
    assert not any(
        kind == "ClusterRole" and name.endswith(("edit", "view")) for kind, name in render(rbac={"aggregate": False})
    )
