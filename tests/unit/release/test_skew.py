"""CRDs that are older or newer than the operator are said, where people look."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from slipway.api.schema import definitions
from slipway.api.skew import fields, skew
from slipway.cluster.port import ClusterError
from slipway.process.app import Operator
from tests.unit.release.world import World

GROUP = [{"group": "slipway.dev", "version": "v1alpha1"}]


def published() -> dict[str, Any]:
    """What the API server publishes of this operator's own CRDs."""
    schemas = {}
    for definition in definitions().values():
        kind, schema = definition["spec"]["names"]["kind"], definition["spec"]["versions"][0]["schema"]
        known = [{**each, "kind": kind} for each in GROUP]
        schemas[f"dev.slipway.v1alpha1.{kind}"] = {
            **copy.deepcopy(schema["openAPIV3Schema"]),
            "x-kubernetes-group-version-kind": known,
        }
    return {"components": {"schemas": schemas}}


def server(document: dict[str, Any]) -> dict[str, Any]:
    """The properties of spec.server of a ModelRelease."""
    release = document["components"]["schemas"]["dev.slipway.v1alpha1.ModelRelease"]
    found: dict[str, Any] = release["properties"]["spec"]["properties"]["server"]["properties"]
    return found


def test_its_own_crds_are_current() -> None:
    assert skew(published()) is None
    assert len(set(fields(published()["components"]["schemas"]["dev.slipway.v1alpha1.ModelRelease"]))) > 100


def test_fields_that_the_api_server_drops_are_named() -> None:
    document = published()
    del server(document)["workers"]
    del server(document)["autoscaling"]
    assert skew(document) == (
        "CRDsOlder",
        "the CRDs are older than the operator: the API server drops ModelRelease spec.server.autoscaling, ModelRelease "
        "spec.server.workers, which this operator reads and writes; apply the chart's crds/",
    )


def test_fields_that_the_operator_does_not_know_are_named() -> None:
    document = published()
    server(document)["gpu"] = {"type": "object", "properties": {"count": {"type": "integer"}}}
    reason, sentence = skew(document) or ("", "")
    assert reason == "CRDsNewer"
    assert "does not act on ModelRelease spec.server.gpu; upgrade the operator" in sentence


@pytest.mark.parametrize("document", [{}, {"components": {"schemas": {"other": {"type": "object"}}}}])
def test_a_cluster_that_publishes_nothing_of_ours_is_not_judged(document: dict[str, Any]) -> None:
    assert skew(document) is None


async def test_a_release_says_so_while_it_lasts() -> None:
    world = World()
    world.alias("1")
    world.context.discovered.skew = ("CRDsOlder", "the CRDs are older than the operator")
    await world.settle(hours=0.1)
    assert (world.condition("SchemaCurrent")["status"], world.condition("SchemaCurrent")["reason"]) == (
        "False",
        "CRDsOlder",
    )
    world.context.discovered.skew = None
    await world.step()
    assert "SchemaCurrent" not in [each["type"] for each in world.status["conditions"]]


@pytest.mark.parametrize("readable", [True, False])
async def test_the_operator_looks_when_it_lists_and_goes_on_where_it_may_not(
    readable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World()
    operator = Operator(world.context)

    async def forbidden(_: str) -> dict[str, Any]:
        raise ClusterError(403, "openapi is forbidden")

    if readable:
        document = server_without("workers")
        world.cluster.published = document
    else:
        monkeypatch.setattr(world.cluster, "schemas", forbidden)
    await operator.relist(everything=True)
    assert operator.listed
    assert (world.context.discovered.skew or ("none", ""))[0] == ("CRDsOlder" if readable else "none")


def server_without(field: str) -> dict[str, Any]:
    """What is published where the CRD has no spec.server.`field`."""
    document = published()
    del server(document)[field]
    return document
