"""Releases that cannot be: refused by the API server, or stalled with the reason. The others go on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.cluster import Cluster, Object
from tests.e2e.conftest import Stage
from tests.e2e.kubectl import Refused, kubectl
from tests.e2e.releases import Release, manifest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

ALIAS = {"candidate": {"alias": "staging"}}
REFUSED = [
    pytest.param({"deletionPolicy": "Maybe"}, "Unsupported value", id="a value that is not offered"),
    pytest.param({"traffic": {"router": "Carrier"}}, "Unsupported value", id="a router that does not exist"),
    pytest.param({"gates": {"smok": {}}}, 'unknown field "spec.gates.smok"', id="a misspelt field"),
    pytest.param({"server": {"replicas": -1}}, "greater than or equal to 1", id="negative replicas"),
    pytest.param({"gates": {"smoke": {"requests": -5}}}, "greater than or equal to 59", id="negative requests"),
    pytest.param({"gates": {"smoke": {"maxErrorRatio": -0.1}}}, "greater than or equal to 0", id="negative ratio"),
    pytest.param({"rollout": {"keepWarm": "-5m"}}, "should match", id="a negative time"),
    pytest.param(
        {"model": {"name": "m", "candidate": {"alias": "staging", "version": "1"}}},
        "name exactly one source of candidates",
        id="alias and version",
    ),
    pytest.param({"model": {"name": "m", "candidate": {}}}, "name exactly one source of candidates", id="neither"),
    pytest.param({"model": {"name": "", **ALIAS}}, "at least 1 chars", id="no model"),
    pytest.param(
        {"model": {"name": "m", **ALIAS, "productionAlias": "staging"}}, "must differ", id="one alias for both"
    ),
    pytest.param({"rollback": {}}, "name exactly one target", id="a rollback to nowhere"),
]


@pytest.mark.parametrize(("spec", "words"), REFUSED)
def test_the_api_server_refuses_it_and_says_why(
    spec: dict[str, Any], words: str, namespace: str, operator: object
) -> None:
    bad = manifest(namespace, "bad", **{"model": {"name": "m", **ALIAS}, **spec})
    with pytest.raises(Refused, match=r"(?s)ModelRelease|strict decoding") as refused:
        kubectl("apply", "-f", "-", manifest=bad)
    assert words in str(refused.value)
    assert kubectl("-n", namespace, "get", "modelrelease", "--ignore-not-found", "bad") == ""


@pytest.fixture(scope="module")
def healthy(stage: Stage, versions: Mapping[str, str]) -> Release:
    """A release that serves, named as another release's staging Service would be."""
    made = stage("shop-staging")
    made.stage(versions["modest"])
    made.apply()
    made.until_promoted(versions["modest"])
    return made


def test_an_unknown_registry_and_a_missing_model_stall(stage: Stage, healthy: Release) -> None:
    nobody, elsewhere = stage("nobody"), stage("elsewhere")
    nobody.apply(model=nobody.model(name="never_registered"))
    elsewhere.apply(model=elsewhere.model(registry="faraway"))

    missing, unknown = nobody.until_condition("Stalled", "True"), elsewhere.until_condition("Stalled", "True")

    assert (missing["reason"], unknown["reason"]) == ("ModelNotFound", "UnknownRegistry")
    assert "never_registered" in missing["message"]
    assert "faraway" in unknown["message"]
    assert "default" in unknown["message"]
    assert healthy.condition("Ready")["status"] == "True"


def test_a_service_that_belongs_to_somebody_else_is_left_alone(
    stage: Stage, cluster: Cluster, namespace: str, versions: Mapping[str, str]
) -> None:
    cluster.create(_service(namespace, "taken"))
    release = stage("taken")
    release.stage(versions["modest"])
    release.apply()

    stalled = release.until_condition("Stalled", "True")

    assert stalled["reason"] == "ServiceConflict"
    assert "Service taken" in stalled["message"]
    assert _selector(cluster, namespace, "taken") == {"app": "somebody"}
    assert release.condition("Ready")["status"] == "False"


def test_two_releases_that_claim_one_service_do_not_share_it(
    stage: Stage, healthy: Release, cluster: Cluster, versions: Mapping[str, str]
) -> None:
    """`shop` needs a Service shop-staging for its candidate; it is the production Service of the other release."""
    serving = _selector(cluster, healthy.namespace, healthy.name)
    shop = stage("shop")
    shop.stage(versions["modest"])
    shop.apply()

    stalled = shop.until_condition("Stalled", "True", within=180)

    assert stalled["reason"] == "ServiceConflict"
    assert "shop-staging" in stalled["message"]
    assert _selector(cluster, healthy.namespace, healthy.name) == serving
    assert healthy.answers() == versions["modest"]


def test_the_others_go_on(healthy: Release, versions: Mapping[str, str]) -> None:
    healthy.release(versions["good"])
    assert healthy.answers() == versions["good"]
    assert healthy.condition("Stalled")["status"] == "False"


def _service(namespace: str, name: str) -> Object:
    spec = {"selector": {"app": "somebody"}, "ports": [{"port": 80}]}
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def _selector(cluster: Cluster, namespace: str, name: str) -> Any:
    return (cluster.get("Service", namespace, name) or {})["spec"]["selector"]
