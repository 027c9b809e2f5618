"""A canary, as its users see it: the real loop over a cluster in memory whose gateway splits requests by weight."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.unit.release.fakes import Crash
from tests.unit.release.world import MODEL, NAME, World

GATEWAY = {"router": "Gateway", "gateway": {"parentRefs": [{"name": "public"}], "hostnames": ["models.example"]}}
STEPS = [{"weight": 10, "minRequests": 100, "timeout": "10m"}, {"weight": 50, "minRequests": 300, "timeout": "10m"}]
ROLLOUT = {"watch": "30s", "keepWarm": "10m", "progressDeadline": "5m"}
R1, R2 = f"{NAME}-r1", f"{NAME}-r2"


def rollout(*steps: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {**ROLLOUT, "steps": list(steps) or STEPS, **others}


@pytest.fixture
async def world() -> World:
    """A release behind a gateway that serves version 1, with 50 requests a second."""
    made = World()
    made.edit(traffic=GATEWAY, rollout=rollout())
    made.callers.rate = 50.0
    made.alias("1")
    await made.until("Watching")
    await made.settle(hours=0.05)
    return made


async def start(world: World, step: int = 1) -> None:
    """Version 2 is wanted, and has begun its canary step `step`."""
    world.alias("2")
    await world.until("Canary")
    await reach(world, step)


async def reach(world: World, step: int) -> None:
    for _ in range(400):
        canary = world.revision(2).get("canary", {})
        if canary.get("step") == step and canary.get("stepStartedAt"):
            return
        world.now = world.later(max(await world.step() or 0.0, 0.01))
    raise AssertionError(f"step {step} never began: {world.revision(2)}")


async def ends(world: World, phase: str) -> dict[str, Any]:
    """The revision of version 2, once it is in `phase`."""
    for _ in range(800):
        if world.revision(2)["phase"] == phase:
            return world.revision(2)
        world.now = world.later(max(await world.step() or 0.0, 0.01))
    raise AssertionError(f"never {phase}: {world.status['message']}")


async def test_the_first_promotion_opens_the_service_and_then_the_route(world: World) -> None:
    assert world.weights == {R1: 100}
    assert world.serving == R1
    route = world.cluster.objects[("HTTPRoute", "demo", NAME)]
    assert route["spec"]["parentRefs"] == [{"name": "public"}]
    assert route["spec"]["hostnames"] == ["models.example"]
    assert world.revision(1)["outcome"] == "Promoted", "there was no production to protect: no canary"
    assert world.condition("RouteAccepted")["status"] == "True"


async def test_a_canary_earns_its_way_step_by_step(world: World) -> None:
    await start(world)
    assert world.weights == {R1: 90, R2: 10}
    assert world.serving == R1, "the Service never sees a canary"
    assert world.status["weight"] == 10
    await reach(world, 2)
    assert world.weights == {R1: 50, R2: 50}
    promoted = await ends(world, "Live")
    assert world.weights == {R2: 100}
    assert world.serving == R2
    assert promoted["outcome"] == "Promoted"
    evidence = next(gate for gate in promoted["gates"] if gate["name"] == "canary")
    assert (evidence["verdict"], evidence["details"]["step"]) == ("Pass", 2)
    assert evidence["n"] >= 400
    await world.settle(hours=0.05)
    assert world.registry.models[MODEL]["production"] == "2"


async def test_the_message_says_how_far_the_step_is_and_the_traffic_what_it_got(world: World) -> None:
    await start(world)
    for _ in range(8):
        world.now = world.later(await world.step() or 0.01)
    assert "step 1 of 2 at 10 %:" in world.status["message"]
    assert "of 100 requests, about" in world.status["message"]
    shares = {share["revision"]: share for share in world.status["traffic"]}
    assert (shares[R1]["weight"], shares[R2]["weight"]) == (90, 10)
    assert shares[R2]["observed"] == pytest.approx(10, abs=1.5)


async def test_a_bad_canary_loses_its_share_and_is_rejected_with_evidence(world: World) -> None:
    world.callers.slow = {R1: 0.01, R2: 0.3}
    await start(world)
    rejected = await ends(world, "Rejected")
    await world.settle(hours=0.05)
    assert rejected["reason"] == "SLOBreach"
    evidence = next(gate for gate in rejected["gates"] if gate["name"] == "canary")
    assert evidence["verdict"] == "Fail"
    assert evidence["measured"] >= evidence["threshold"]
    assert world.weights == {R1: 100}
    assert world.names("Deployment") == [R1]
    assert world.status["rejected"][0]["revision"] == R2
    assert world.condition("Ready")["status"] == "True"
    assert world.registry.models[MODEL]["production"] == "1"


async def test_when_everything_is_bad_the_canary_halts_and_then_proves_nothing(world: World) -> None:
    world.callers.slow = {R1: 0.4, R2: 0.4}
    world.edit(rollout=rollout({"weight": 30, "minRequests": 300, "timeout": "2m"}))
    await start(world)
    while "halted" not in world.status["message"]:
        world.now = world.later(max(await world.step() or 0.0, 0.01))
    assert world.weights == {R1: 70, R2: 30}
    assert world.condition("SLOHealthy")["reason"] == "EverythingBad"
    ended = await ends(world, "Inconclusive")
    await world.settle(hours=0.05)
    assert ended["reason"] == "EverythingBad"
    assert world.weights == {R1: 100}


async def test_too_little_traffic_is_inconclusive_and_never_a_pass(world: World) -> None:
    world.callers.rate = 1.0
    await start(world)
    ended = await ends(world, "Inconclusive")
    await world.settle(hours=0.05)
    assert ended["reason"] == "TooLittleTraffic"
    assert "of 100 requests" in ended["message"]
    assert "after 10m" in ended["message"]
    assert world.weights == {R1: 100}


async def test_a_lost_source_holds_or_ends_the_canary_as_the_policy_says(world: World) -> None:
    world.edit(rollout=rollout(onNoData="Rollback"))
    await start(world)
    world.counters.down = True
    ended = await ends(world, "Inconclusive")
    assert ended["reason"] == "NoData"


async def test_a_pause_waits_for_a_person_and_is_lifted_by_name(world: World) -> None:
    world.edit(rollout=rollout({**STEPS[0], "pause": True}, STEPS[1]))
    await start(world)
    while "paused" not in world.status["message"]:
        world.now = world.later(max(await world.step() or 0.0, 0.01))
    assert f"paused until spec.resume is {R2}/1" in world.status["message"]
    await world.settle(hours=0.2)
    assert world.revision(2)["canary"]["step"] == 1, "it does not time out: its evidence is there"
    world.edit(resume=f"{R1}/1")
    await world.settle(hours=0.01)
    assert world.revision(2)["canary"]["step"] == 1, "another revision's mark lifts nothing"
    world.edit(resume=f"{R2}/1")
    await ends(world, "Live")


async def test_spec_paused_freezes_a_canary_where_it_is_and_still_takes_a_bad_one_back(world: World) -> None:
    await start(world)
    world.edit(paused=True)
    await world.settle(hours=0.2)
    assert world.weights == {R1: 90, R2: 10}
    world.callers.slow = {R2: 0.5}
    await ends(world, "Rejected")
    await world.settle(hours=0.05)
    assert world.weights == {R1: 100}


@pytest.mark.parametrize(
    ("spoil", "phase", "reason"),
    [
        ("alias", "Superseded", "AliasMoved"),
        ("alias gone", "Aborted", "AliasGone"),
        ("policy", "Superseded", "SpecChanged"),
        ("unready", "Rejected", "PodsUnready"),
        ("crash loop", "Rejected", "CrashLoop"),
        ("router", "Superseded", "RouterChanged"),
    ],
)
async def test_whatever_ends_a_canary_gives_its_share_back(world: World, spoil: str, phase: str, reason: str) -> None:
    await start(world)
    if spoil.startswith("alias"):
        world.alias("1" if spoil == "alias" else None)
    elif spoil == "policy":
        world.edit(slo={"errors": {"ratio": 0.5}})
    elif spoil == "unready":
        world.cluster.unready.add(R2)
    elif spoil == "crash loop":
        world.cluster.restarts[R2] = 3
    else:
        world.edit(traffic={"router": "Service"})
    ended = await ends(world, phase)
    assert ended["reason"] == reason
    for _ in range(3):
        await world.step()
    assert world.callers.shares == {R1: 100}
    assert world.serving == R1


async def test_a_rollback_takes_all_shares_in_one_write(world: World) -> None:
    await start(world, step=2)
    world.alias("3")
    await ends(world, "Superseded")
    await world.settle(hours=0.05)
    assert world.status["live"]["version"] == "3"
    world.edit(rollback={"version": "1"})
    before = world.cluster.writes.count(("flip", "HTTPRoute", NAME))
    await world.step()
    assert world.weights == {R1: 100}
    assert world.cluster.writes.count(("flip", "HTTPRoute", NAME)) == before + 1
    await world.settle(hours=0.05)
    assert world.serving == R1


async def test_a_rollback_during_a_canary_aborts_it_and_goes_back(world: World) -> None:
    world.edit(rollout=rollout({"weight": 10, "minRequests": 100, "timeout": "10m"}))
    await start(world)
    await ends(world, "Live")
    world.alias("3")
    await world.until("Canary")
    for _ in range(4):
        await world.step()
    assert world.weights == {R2: 90, f"{NAME}-r3": 10}
    world.edit(rollback={"to": "previous"})
    await world.step()
    assert world.weights == {R1: 100}, "live and candidate lose their shares in the same write"
    await world.settle(hours=0.05)
    assert world.revision(3)["phase"] == "Aborted"
    assert world.revision(2)["phase"] == "RolledBack"


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
    assert "has not taken up the latest weights yet" in world.status["message"]
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


async def test_a_production_without_pods_does_not_make_its_repair_wait(world: World) -> None:
    await start(world)
    world.cluster.unready.add(R1)
    await ends(world, "Live")
    assert world.weights == {R2: 100}


async def test_the_service_follows_the_route_after_a_flip(world: World) -> None:
    world.cluster.objects[("Service", "demo", NAME)]["spec"]["selector"]["slipway.dev/revision"] = "elsewhere"
    await world.step()
    assert world.serving == R1


async def story(world: World, slow: float) -> World:
    """Version 2 earns its way, or is taken back for being slow: the operator is restarted whenever it is killed."""
    world.callers.slow = {R2: slow}
    world.alias("2")
    for _ in range(2):
        try:
            await world.settle(hours=0.03)
            break
        except Crash:
            world.restart()
    return world


def copied(world: World) -> World:
    """The same world again, with an operator that was just started."""
    other = World(now=world.now)
    other.cluster.objects = copy.deepcopy(world.cluster.objects)
    other.cluster._versions = copy.copy(world.cluster._versions)
    other.registry.models = copy.deepcopy(world.registry.models)
    other.counters.answered = dict(world.counters.answered)
    other.callers.rate = world.callers.rate
    return other


def end_of(world: World) -> tuple[object, ...]:
    phases = tuple(world.revision(int(name[-1]))["phase"] for name in world.names("ModelRevision"))
    flips = world.cluster.writes.count(("flip", "HTTPRoute", NAME))
    return world.weights, world.serving, phases, flips, tuple(world.names("Deployment")), world.registry.announced


@pytest.mark.timeout(300)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("slow", "end"),
    [(0.0, ({R2: 100}, R2, ("Retired", "Live"), 3)), (0.5, ({R1: 100}, R1, ("Live", "Rejected"), 2))],
    ids=["good", "bad"],
)
async def test_a_crash_at_any_write_of_a_canary_changes_nothing_in_the_end(
    world: World, slow: float, end: tuple[object, ...], when: str
) -> None:
    reference = await story(copied(world), slow)
    told = end_of(reference)
    assert told[:4] == end
    for number in range(1, len(reference.cluster.writes) + 1):
        killed = copied(world)
        setattr(killed.cluster, f"crash_{when}", number)
        await story(killed, slow)
        assert end_of(killed) == told, f"killed {when} write {number}: {reference.cluster.writes[number - 1]}"
