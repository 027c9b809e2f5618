"""A release's route: opened, edited, deleted, refused, not taken up."""

from __future__ import annotations

import pytest

from tests.unit.release.canaries import GATEWAY, R1, R2, behind_a_gateway, ends, reach, rollout, start
from tests.unit.release.world import NAME, World


@pytest.fixture
async def world() -> World:
    return await behind_a_gateway()


async def test_the_first_promotion_opens_the_service_and_then_the_route(world: World) -> None:
    assert world.weights == {R1: 100}
    assert world.serving == R1
    route = world.cluster.objects[("HTTPRoute", "demo", NAME)]
    assert route["spec"]["parentRefs"] == [{"name": "public"}]
    assert route["spec"]["hostnames"] == ["models.example"]
    assert world.revision(1)["outcome"] == "Promoted", "there was no production to protect: no canary"
    assert world.condition("RouteAccepted")["status"] == "True"


async def test_weights_edited_by_hand_are_reported_and_not_fought(world: World) -> None:
    await start(world)
    world.weigh(r1=60, r2=40)
    before = len(world.cluster.writes)
    await world.settle(hours=0.02)
    assert world.weights == {R1: 60, R2: 40}
    assert world.condition("Stalled")["reason"] == "RouteEdited"
    assert "60 % to cancer-r1, 40 % to cancer-r2" in world.condition("Stalled")["message"]
    assert ("flip", "HTTPRoute", NAME) not in world.cluster.writes[before:]
    world.weigh(r1=90, r2=10)
    await ends(world, "Live")


async def test_a_bad_canary_is_taken_back_from_a_route_that_was_edited(world: World) -> None:
    await start(world)
    world.callers.slow = {R2: 0.5}
    world.weigh(r1=60, r2=40)
    await ends(world, "Rejected")
    await world.step()
    assert world.weights == {R1: 100}


async def test_a_route_that_gives_all_to_the_candidate_by_hand_stalls(world: World) -> None:
    await start(world)
    world.weigh(r2=100)
    await world.settle(hours=0.01)
    assert world.condition("Stalled")["reason"] == "RouteEdited"
    assert world.weights == {R2: 100}


async def test_a_deleted_route_comes_back_with_the_shares_that_it_had(world: World) -> None:
    await start(world)
    del world.cluster.objects[("HTTPRoute", "demo", NAME)]
    await world.step()
    assert world.weights == {R1: 90, R2: 10}
    await ends(world, "Live")


async def test_a_deleted_route_comes_back_without_the_share_of_a_candidate_that_ended(world: World) -> None:
    await start(world)
    del world.cluster.objects[("HTTPRoute", "demo", NAME)]
    world.cluster.unready.add(R2)
    await world.settle(hours=0.02)
    assert world.weights == {R1: 100}


async def test_a_route_deleted_at_rest_comes_back(world: World) -> None:
    del world.cluster.objects[("HTTPRoute", "demo", NAME)]
    await world.settle(hours=0.02)
    assert world.weights == {R1: 100}


async def test_a_step_begins_only_when_a_gateway_has_taken_its_weight_up(world: World) -> None:
    world.alias("2")
    await world.until("Canary")
    world.cluster.gateway_up = False
    for _ in range(6):
        world.now = world.later(max(await world.step() or 0.0, 0.01))
    assert "stepStartedAt" not in world.revision(2)["canary"]
    assert "has not programmed the latest weights yet" in world.status["message"]
    assert world.condition("RouteAccepted")["status"] == "False"
    world.cluster.gateway_up = True
    await reach(world, 1)


async def test_a_gateway_that_stays_down_ends_the_canary_inconclusive(world: World) -> None:
    world.alias("2")
    await world.until("Canary")
    world.cluster.gateway_up = False
    ended = await ends(world, "Inconclusive")
    assert ended["reason"] == "RouteNotAccepted"


async def test_another_releases_route_of_the_same_name_is_left_alone() -> None:
    world = World()
    theirs = {"backendRefs": [{"name": "other", "weight": 1}]}
    world.put({"kind": "HTTPRoute", "metadata": {"name": NAME, "namespace": "demo"}, "spec": {"rules": [theirs]}})
    world.edit(traffic=GATEWAY, rollout=rollout())
    world.alias("1")
    await world.settle()
    assert world.condition("Stalled")["reason"] == "RouteConflict"
    assert world.weights == {"other": 1}


async def test_without_the_gateway_api_the_release_stalls_until_it_is_installed() -> None:
    world = World()
    world.cluster.unknown_kinds = frozenset({"HTTPRoute"})
    world.edit(traffic=GATEWAY, rollout=rollout())
    world.alias("1")
    await world.settle(hours=0.01)
    stalled = world.condition("Stalled")
    assert stalled["reason"] == "GatewayAPIMissing"
    assert "install the Gateway API's definitions" in stalled["message"]
    world.cluster.unknown_kinds = frozenset()
    await world.settle()
    assert world.weights == {R1: 100}


async def test_gateways_and_hosts_follow_the_spec_and_weights_stay(world: World) -> None:
    await start(world)
    moved = {"parentRefs": [{"name": "other", "namespace": "edge"}], "hostnames": []}
    world.edit(traffic={"router": "Gateway", "gateway": moved})
    await world.step()
    route = world.cluster.objects[("HTTPRoute", "demo", NAME)]
    assert route["spec"]["parentRefs"] == [{"name": "other", "namespace": "edge"}]
    assert world.weights == {R1: 90, R2: 10}


async def test_session_affinity_is_asked_of_the_implementation(world: World) -> None:
    sticky = {**GATEWAY["gateway"], "sessionAffinity": {"type": "Header", "name": "X-User"}}  # type: ignore[dict-item]
    world.edit(traffic={"router": "Gateway", "gateway": sticky})
    await world.settle(hours=0.01)
    rule = world.cluster.objects[("HTTPRoute", "demo", NAME)]["spec"]["rules"][0]
    assert rule["sessionPersistence"] == {"sessionName": "X-User", "type": "Header"}


async def test_affinity_that_the_definition_drops_is_said_and_not_asked_for_again(world: World) -> None:
    sticky = {**GATEWAY["gateway"], "sessionAffinity": {"type": "Cookie"}}  # type: ignore[dict-item]
    world.edit(traffic={"router": "Gateway", "gateway": sticky})
    await world.settle(hours=0.01)
    del world.cluster.objects[("HTTPRoute", "demo", NAME)]["spec"]["rules"][0]["sessionPersistence"]
    writes = len(world.cluster.writes)
    await world.settle(hours=0.01)
    assert world.condition("RouteAccepted")["reason"] == "WithoutSessionAffinity"
    assert len(world.cluster.writes) <= writes + 1, "nothing but the status"


async def test_a_release_moves_from_the_service_to_the_gateway_and_back() -> None:
    world = World()
    world.alias("1")
    await world.settle()
    world.edit(traffic=GATEWAY)
    await world.settle(hours=0.01)
    assert world.weights == {R1: 100}
    world.edit(traffic={"router": "Service"})
    await world.settle(hours=0.01)
    assert world.names("HTTPRoute") == []
    assert world.serving == R1
    assert "RouteAccepted" not in {condition["type"] for condition in world.status["conditions"]}


async def test_the_service_follows_the_route_after_a_flip(world: World) -> None:
    world.cluster.objects[("Service", "demo", NAME)]["spec"]["selector"]["slipway.dev/revision"] = "elsewhere"
    await world.step()
    assert world.serving == R1
