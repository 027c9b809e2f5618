"""The watch after a flip: what takes production back, what does not, and what happens without data."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from slipway.cluster.port import Object
from slipway.plan.situation.observed import Counters
from slipway.reconcile import reconcile
from tests.unit.release.world import NAME, NAMESPACE, World

R1, R2 = f"{NAME}-r1", f"{NAME}-r2"
BASE = {"watch": "2m", "keepWarm": "10m", "progressDeadline": "5m"}


@pytest.fixture
async def watching() -> World:
    """Version 2 has just been flipped to; version 1 is warm; production was read while 2 was on its way."""
    world = World()
    world.edit(rollout=BASE)
    world.alias("1")
    await world.settle(hours=0.2)
    world.alias("2")
    await world.until("Watching")
    await world.passes(2)
    return world


async def test_a_slow_revision_is_taken_back_once_with_the_figures_on_record(watching: World) -> None:
    watching.counters.serve(R2, 100, slow=30)
    await watching.settle(hours=0.1)
    assert watching.serving == R1
    assert watching.revision(2)["reason"] == "RolledBackBySLOBreach"
    assert watching.status["hold"]["reason"] == "AutomaticRollback"
    assert [r["revision"] for r in watching.status["rejected"]] == [R2]
    assert watching.registry.models["cancer_classifier"]["production"] == "1"
    figures = watching.revision(2)["watched"]["figures"]
    assert figures["eSlow"] > figures["threshold"]
    assert figures["medianToDetectSlow"] == 59
    assert watching.flips() == 3, "opened with 1, flipped to 2, taken back once"


async def test_after_rollback_continue_lets_the_next_version_go(watching: World) -> None:
    watching.edit(rollout={**BASE, "afterRollback": "Continue"})
    watching.counters.serve(R2, 100, errors=30)
    await watching.settle(hours=0.1)
    assert watching.serving == R1
    watching.alias("3")
    await watching.settle(hours=0.2)
    assert watching.serving == f"{NAME}-r3"


async def test_a_healthy_revision_keeps_production_and_its_counters(watching: World) -> None:
    watching.counters.serve(R2, 400, slow=12, errors=1)
    await watching.settle(hours=0.1)
    assert watching.serving == R2
    seen = watching.revision(2)["watched"]
    assert (seen["requests"], seen["slow"], seen["errors"]) == (400, 12, 1)
    assert watching.condition("SLOHealthy")["status"] == "True"


async def test_when_production_was_as_bad_before_the_flip_nothing_is_flipped() -> None:
    world = World()
    world.edit(rollout=BASE)
    world.alias("1")
    await world.settle(hours=0.2)
    world.alias("2")
    for _ in range(60):
        if world.status.get("phase") == "Watching":
            break
        world.counters.serve(R1, 100, slow=30)
        await world.passes(3, seconds=7)
    await world.passes(3)
    world.counters.serve(R2, 100, slow=30)
    await world.settle(hours=0.2)
    assert world.serving == R2
    assert world.revision(2)["reason"] == "PromotedAmongTrouble"
    assert world.condition("SLOHealthy")["reason"] == "EverythingBad"
    assert "this revision is not the cause" in world.condition("SLOHealthy")["message"]


async def test_without_an_earlier_revision_a_bad_one_stays_and_says_so() -> None:
    world = World()
    world.alias("1")
    await world.until("Watching")
    await world.passes(2)
    world.counters.serve(R1, 100, errors=60)
    await world.passes(8)
    assert world.serving == R1
    assert "no earlier one is ready" in world.status["message"]
    assert world.condition("RollbackReady")["reason"] == "NoPrevious"
    assert world.condition("SLOHealthy")["status"] == "False"
    await world.settle()
    assert world.revision(1)["reason"] == "PromotedInBreach"


async def test_a_pod_that_keeps_crashing_takes_its_revision_back(watching: World) -> None:
    watching.cluster.restarts[R2] = 3
    await watching.settle(hours=0.1)
    assert watching.serving == R1
    assert watching.revision(2)["reason"] == "RolledBackByPodsUnready"


async def test_requests_before_a_restart_still_count_and_those_before_the_flip_never_did(watching: World) -> None:
    watching.counters.serve(R2, 50, slow=1)
    await watching.passes(6, seconds=3)
    watching.counters.answered[f"{R2}-0"] = Counters(3, 0, 0)
    await watching.settle(hours=0.1)
    assert watching.revision(2)["watched"]["requests"] == 53


async def test_counters_are_written_down_far_less_often_than_they_are_read(watching: World) -> None:
    await watching.passes(15)
    reads, writes = watching.counters.reads, len(watching.cluster.writes)
    for _ in range(30):
        watching.counters.serve(R2, 10)
        await watching.passes(1, seconds=2)
    assert watching.counters.reads - reads == 30
    assert len(watching.cluster.writes) - writes <= 14, "a revision's status and the release's, every ten seconds"


async def test_losing_the_source_holds_everything_and_says_so(watching: World) -> None:
    watching.counters.down = True
    watching.alias("3")
    await watching.passes(60, seconds=10)
    assert watching.serving == R2
    assert watching.revision(2)["phase"] == "Watching"
    assert watching.condition("SLOHealthy") | {"lastTransitionTime": ""} == {
        "type": "SLOHealthy",
        "status": "Unknown",
        "reason": "NoData",
        "message": f"no request counter of {R2} can be read; see spec.rollout.onNoData",
        "lastTransitionTime": "",
        "observedGeneration": watching.condition("SLOHealthy")["observedGeneration"],
    }
    writes = len(watching.cluster.writes)
    assert await watching.step() == 2.0, "and it is looked at no more often than before"
    await watching.passes(10, seconds=10)
    assert len(watching.cluster.writes) == writes, "waiting writes nothing"
    watching.counters.down = False
    await watching.settle(hours=0.3)
    assert watching.revision(2)["outcome"] == "Promoted"
    assert watching.status["live"]["version"] == "3"


TOO_LARGE = "has a page /metrics that is larger than 4 MiB; serve it with a newer server image"


async def test_why_no_pod_can_be_read_is_said_by_name_and_told_once(watching: World) -> None:
    watching.counters.why = {f"{R2}-0": TOO_LARGE, f"{R2}-1": "refused the connection"}
    await watching.passes(20, seconds=10)
    said = f"no request counter of {R2} can be read: pod {R2}-0 (and 1 more) {TOO_LARGE}"
    assert watching.condition("SLOHealthy")["reason"] == "NoData"
    assert watching.condition("SLOHealthy")["message"] == f"{said}; see spec.rollout.onNoData"
    assert watching.status["message"] == f"{said}; the watch continues (spec.rollout.onNoData)"
    told = [record for record in watching.store.records if record["action"] == "CountersLost"]
    assert [(record["reason"], record["actor"]) for record in told] == [
        (f"{said}; see spec.rollout.onNoData", "rule:NoData")
    ]


async def test_one_pod_of_several_that_cannot_be_read_is_named(watching: World) -> None:
    watching.counters.why = {f"{R2}-1": TOO_LARGE}
    watching.counters.serve(R2, 100)
    await watching.passes(8, seconds=2)
    assert watching.condition("SLOHealthy")["message"] == (
        f"100 requests, 0 slow, 0 failed, since the flip; not counted: pod {R2}-1 {TOO_LARGE}"
    )


async def test_production_that_is_taken_back_without_data_says_why_there_was_none() -> None:
    world = World()
    world.edit(rollout={**BASE, "onNoData": "Rollback"})
    world.alias("1")
    await world.settle(hours=0.2)
    world.alias("2")
    await world.until("Watching")
    world.counters.why = {f"{R2}-{number}": "answers /metrics/requests with HTTP 403" for number in range(2)}
    await world.passes(10, seconds=10)
    assert world.serving == R1
    assert "(and 1 more) answers /metrics/requests with HTTP 403" in world.status["rollback"]["reason"]


async def test_requests_of_very_many_rows_take_no_good_revision_back_and_are_said_not_to_be_judged(
    watching: World,
) -> None:
    watching.counters.serve(R2, 400, errors=1, bulk=400)
    await watching.passes(8, seconds=2)
    assert watching.condition("SLOHealthy") | {"lastTransitionTime": "", "observedGeneration": 0} == {
        "type": "SLOHealthy",
        "status": "Unknown",
        "reason": "LatencyNotJudged",
        "message": "400 requests, 1 failed; latency is not judged: only requests of more than 100 rows, since the flip",
        "lastTransitionTime": "",
        "observedGeneration": 0,
    }
    await watching.settle(hours=0.1)
    assert watching.serving == R2
    assert "kept its objective for errors for 120 s" in watching.revision(2)["message"]


async def test_latency_is_judged_on_what_was_timed_whatever_else_is_answered(watching: World) -> None:
    watching.counters.serve(R2, 5000, slow=30, bulk=4900)
    await watching.settle(hours=0.1)
    assert watching.serving == R1
    assert watching.revision(2)["reason"] == "RolledBackBySLOBreach"


async def test_a_watch_that_begins_blind_lasts_its_whole_time_from_the_first_reading() -> None:
    world = World()
    world.edit(rollout=BASE)
    world.alias("1")
    await world.settle(hours=0.2)
    world.counters.down = True
    world.alias("2")
    await world.until("Watching")
    world.counters.serve(R2, 500)
    await world.passes(13, seconds=10)
    world.counters.down = False
    await world.passes(2)
    world.counters.serve(R2, 100)
    await world.passes(11, seconds=10)
    assert world.revision(2)["phase"] == "Watching", "what was answered unseen is not known, so it is watched now"
    await world.settle(hours=0.1)
    assert world.revision(2)["phase"] == "Live"
    assert world.revision(2)["watched"]["requests"] == 100


async def test_losing_the_source_takes_production_back_where_that_is_wanted() -> None:
    world = World()
    world.edit(rollout={**BASE, "onNoData": "Rollback"})
    world.alias("1")
    await world.settle(hours=0.2)
    world.alias("2")
    await world.until("Watching")
    world.counters.down = True
    await world.passes(5, seconds=10)
    assert world.serving == R2, "a scrape gap is no loss"
    await world.passes(5, seconds=10)
    assert world.serving == R1
    assert world.revision(2)["reason"] == "RolledBackByNoData"


async def test_a_previous_revision_that_is_deleted_inside_its_window_comes_back(watching: World) -> None:
    del watching.cluster.objects[("Deployment", "demo", R1)]
    watching.cluster.drop_pods("demo", R1)
    watching.cluster.unready.add(R1)
    await watching.passes(3)
    assert watching.condition("RollbackReady")["status"] == "False"
    watching.cluster.unready.clear()
    await watching.passes(4)
    assert watching.condition("RollbackReady")["status"] == "True"
    assert watching.serving == R2


async def test_of_two_rollbacks_at_once_the_first_is_carried_out_and_the_second_finds_it_done(watching: World) -> None:
    watching.counters.serve(R2, 100, errors=60)
    watching.edit(rollback={"to": "previous", "reason": "a person was as fast"})
    await watching.settle(hours=0.1)
    assert watching.serving == R1
    assert watching.status["rollback"]["trigger"] == "User"
    assert watching.flips() == 3, "opened with 1, flipped to 2, taken back once"


async def test_a_rollback_by_a_person_asks_no_counters_first(watching: World) -> None:
    reads = watching.counters.reads
    watching.edit(rollback={"to": "previous"})
    await watching.step()
    assert watching.serving == R1
    assert watching.counters.reads == reads


async def test_a_rollback_by_a_person_reads_nothing_that_does_not_matter_for_it(
    watching: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed, whole = list[str](), watching.cluster.list

    async def seen(kind: str, namespace: str, labels: Mapping[str, str]) -> list[Object]:
        listed.append(kind)
        return await whole(kind, namespace, labels)

    watching.edit(rollback={"to": "previous"})
    monkeypatch.setattr(watching.cluster, "list", seen)
    await reconcile(watching.context, NAMESPACE, NAME)
    assert watching.serving == R1
    assert sorted(listed) == ["Deployment", "ModelRevision"]


async def test_a_pod_without_a_node_holds_a_rollback_up_for_no_more_than_seconds(watching: World) -> None:
    watching.cluster.pending[R1] = 1
    watching.edit(rollback={"to": "previous"})
    await watching.passes(5)
    assert watching.serving == R2
    await watching.passes(10, seconds=2)
    assert watching.serving == R1


async def test_a_candidate_in_flight_is_aborted_by_a_rollback(watching: World) -> None:
    await watching.settle(hours=0.1)
    watching.alias("3")
    await watching.until("Gating")
    watching.edit(rollback={"to": "previous"})
    await watching.settle(hours=0.1)
    assert watching.serving == R1
    assert watching.revision(3)["phase"] == "Aborted"
    assert f"{NAME}-r3" not in watching.names("Deployment")


async def test_the_whole_bundle_comes_back_and_not_just_the_model() -> None:
    world = World()
    world.edit(server={"image": "server:old"}, slo={"errors": {"ratio": 0.2}})
    world.alias("1")
    await world.settle(hours=0.1)
    world.edit(server={"image": "server:new"}, slo={"errors": {"ratio": 0.001}})
    await world.settle(hours=0.1)
    assert world.serving == R2
    world.edit(rollback={"to": "previous"})
    await world.settle(hours=0.1)
    assert world.serving == R1
    container = world.cluster.objects[("Deployment", "demo", R1)]["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == "server:old"
    spec = world.cluster.objects[("ModelRevision", "demo", R1)]["spec"]
    assert spec["policy"]["slo"]["errors"]["ratio"] == 0.2, "and it is judged by its own objectives"


async def test_a_spec_that_changes_after_the_flip_waits_for_the_watch(watching: World) -> None:
    watching.edit(server={"image": "server:next"})
    await watching.passes(5)
    assert watching.names("ModelRevision") == [R1, R2]
    await watching.settle(hours=0.2)
    assert watching.serving == f"{NAME}-r3"


async def test_an_alias_that_churns_leaves_nothing_behind_and_the_last_one_wins(watching: World) -> None:
    await watching.settle(hours=0.1)
    for number in range(20):
        watching.alias("3" if number % 2 == 0 else "1")
        await watching.passes(3, seconds=1)
    watching.alias("3")
    await watching.settle(hours=2)
    assert watching.status["live"]["version"] == "3"
    deployments = {n: watching.cluster.objects[("Deployment", "demo", n)] for n in watching.names("Deployment")}
    running = [name for name, deployment in deployments.items() if deployment["spec"]["replicas"]]
    assert running == [watching.serving], "everything else is gone or asleep"
