"""A canary, as its users see it: the real loop over a cluster in memory whose gateway splits requests by weight."""

from __future__ import annotations

import pytest

from tests.unit.release.canaries import R1, R2, STEPS, behind_a_gateway, ends, reach, rollout, start
from tests.unit.release.world import MODEL, NAME, World


@pytest.fixture
async def world() -> World:
    return await behind_a_gateway()


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


async def test_a_production_without_pods_does_not_make_its_repair_wait(world: World) -> None:
    await start(world)
    world.cluster.unready.add(R1)
    await ends(world, "Live")
    assert world.weights == {R2: 100}
