"""A canary whose counters cannot be read, or whose requests latency is not judged on."""

from __future__ import annotations

from tests.unit.release.canaries import R1, R2, behind_a_gateway, ends, rollout, start

WHY = "refused the connection"


async def test_a_canary_that_cannot_be_read_says_why_and_ends_with_it() -> None:
    world = await behind_a_gateway()
    world.edit(rollout=rollout(onNoData="Rollback"))
    world.counters.why = {f"{R2}-{number}": WHY for number in range(2)}
    await start(world)
    ended = await ends(world, "Inconclusive")
    assert ended["reason"] == "NoData"
    assert ended["message"].startswith(
        f"no request counter of {R2} can be read: pod {R2}-0 (and 1 more) {WHY}, for 60 s now (spec.rollout.onNoData)"
    )


async def test_one_pod_of_either_side_that_cannot_be_read_is_written_down() -> None:
    world = await behind_a_gateway()
    world.counters.why = {f"{R1}-1": WHY}
    await start(world)
    await world.passes(8, seconds=2)
    assert world.revision(2)["canary"]["watched"]["unread"] == f"pod {R1}-1 {WHY}"


async def test_a_canary_of_requests_with_very_many_rows_goes_on_by_its_errors_and_says_so() -> None:
    world = await behind_a_gateway()
    world.callers.rate = 0.0
    await start(world)
    await world.passes(2)
    world.counters.serve(R2, 100, errors=1, bulk=100)
    await world.passes(3, seconds=2)
    said = world.revision(2)
    assert said["canary"]["step"] == 2
    assert said["message"] == (
        "step 1 kept its objective for errors: 100 requests, 1 failed; latency is not judged: only requests of more "
        "than 100 rows; next 50 %"
    )
