"""A route with filters of its user's own, and what the real API server answers to a compare-and-swap."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

import pytest

from slipway.cluster.kube import ApiServer
from slipway.cluster.port import ClusterError, Conflict, Invalid
from tests.e2e import gateway
from tests.e2e.cluster import Cluster, Object
from tests.e2e.conftest import Stage
from tests.e2e.operator_pod import Operator
from tests.e2e.releases import Release
from tests.e2e.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.story, pytest.mark.timeout(900)]

NAME, HOST, OTHER = "filtered", "filtered.example", "elsewhere.example"
ALONE = "alone"
HEADERS = [
    {"name": "Link", "value": "<https://docs.example/?a=1&b=2>; rel=help"},
    {"name": "X-Team", "value": "équipe"},
]
FILTERS = [{"type": "ResponseHeaderModifier", "responseHeaderModifier": {"set": HEADERS}}]


@pytest.fixture(scope="module")
def release(stage: Stage, versions: Mapping[str, str]) -> Release:
    """A release behind the gateway that serves its first version."""
    made = stage(NAME)
    made.stage(versions["modest"])
    made.apply(traffic=gateway.traffic(HOST))
    made.until_promoted(versions["modest"])
    until("its route is there", lambda: gateway.weights(made.cluster, made.namespace, NAME), 30, made.seen)
    return made


def route(release: Release) -> Object:
    return dict(release.cluster.get("HTTPRoute", release.namespace, NAME) or {})


def test_any_text_in_a_filter_stays_and_hosts_and_versions_move_on(
    release: Release, versions: Mapping[str, str], operator: Operator
) -> None:
    rule = {**route(release)["spec"]["rules"][0], "filters": FILTERS}
    release.cluster.patch("HTTPRoute", release.namespace, NAME, {"spec": {"rules": [rule]}})
    before = int(route(release)["metadata"]["generation"])

    release.patch(json.dumps({"spec": {"traffic": {"gateway": {"hostnames": [OTHER]}}}}))
    until("the host is another one", lambda: route(release)["spec"]["hostnames"] == [OTHER], 20, release.seen)
    release.release(versions["good"])

    after = route(release)
    assert after["spec"]["rules"][0]["filters"] == FILTERS
    assert gateway.weights(release.cluster, release.namespace, NAME) == {release.status()["live"]["revision"]: 100}
    assert int(after["metadata"]["generation"]) == before + 2, "one write for the host, one for the flip"
    assert release.condition("Stalled")["status"] == "False"
    said = [line for line in operator.log().splitlines() if release.namespace in line and "conflict" in line]
    assert said == []


async def _answers(namespace: str) -> list[ClusterError]:
    """To a swap that asks for an older version, and to one with a value that no route may have."""
    cluster, where = await ApiServer.connect(), ("HTTPRoute", namespace, ALONE)
    answers: list[ClusterError] = []
    try:
        found = await cluster.get(*where) or {}
        old, hosts = found["metadata"]["resourceVersion"], "/spec/hostnames"
        swapped = await cluster.swap(where, old, {hosts: [HOST]})
        current = swapped["metadata"]["resourceVersion"]
        for version, value in ((old, [OTHER]), (current, ["no host <at> all"])):
            try:
                await cluster.swap(where, version, {hosts: value})
            except ClusterError as error:
                answers.append(error)
    finally:
        await cluster.close()
    return answers


def test_an_old_version_is_a_conflict_and_a_bad_value_is_none(cluster: Cluster, namespace: str) -> None:
    """On a route of no gateway, which nobody else writes."""
    meta = {"name": ALONE, "namespace": namespace}
    cluster.create({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": meta, "spec": {}})
    conflict, invalid = asyncio.run(_answers(namespace))
    assert isinstance(conflict, Conflict)
    assert isinstance(invalid, Invalid)
    assert (cluster.get("HTTPRoute", namespace, ALONE) or {})["spec"]["hostnames"] == [HOST]
