"""The life of a release, as its users see it: the real loop over a cluster in memory."""

from __future__ import annotations

from dataclasses import replace

import pytest

from slipway.act.actions import SETTLE_SECONDS
from slipway.gates.inline.logged import Figure, Logged
from tests.unit.release.fakes import failing, passing
from tests.unit.release.world import MODEL, NAME, World, version


@pytest.fixture
def world() -> World:
    return World()


async def serve(world: World, number: str) -> None:
    """Release version `number` to the end."""
    world.alias(number)
    await world.settle()


async def test_the_first_version_is_proven_and_promoted(world: World) -> None:
    await serve(world, "1")
    assert world.serving == f"{NAME}-r1"
    assert world.status["live"]["version"] == "1"
    assert world.condition("Ready")["status"] == "True"
    assert world.condition("Promoted")["status"] == "True"
    assert world.registry.models[MODEL]["production"] == "1"
    assert [g["verdict"] for g in world.revision(1)["gates"]] == ["Pass", "Pass", "Pass"]
    assert world.revision(1)["outcome"] == "Promoted"


async def test_a_better_version_replaces_it_and_the_old_one_stays_warm(world: World) -> None:
    await serve(world, "1")
    world.alias("2")
    await world.until("Watching")
    await world.settle(hours=0.1)
    assert world.serving == f"{NAME}-r2"
    assert world.status["previous"]["version"] == "1"
    assert world.condition("RollbackReady")["status"] == "True"
    assert world.cluster.objects[("Deployment", "demo", f"{NAME}-r1")]["spec"]["replicas"] == 2


async def test_after_its_window_the_previous_revision_is_scaled_to_zero(world: World) -> None:
    await serve(world, "1")
    await serve(world, "2")
    assert world.cluster.objects[("Deployment", "demo", f"{NAME}-r1")]["spec"]["replicas"] == 0
    assert world.condition("RollbackReady")["reason"] == "Cold"


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        ("slow", "GateFail"),
        ("worse", "GateFail"),
        ("untagged", "GateFail"),
        ("unloadable", "LoadFailed"),
        ("tampered", "DigestMismatch"),
    ],
)
async def test_a_bad_version_is_stopped_and_production_stays(world: World, spoil: str, reason: str) -> None:
    await serve(world, "1")
    if spoil == "slow":
        world.cluster.verdict = failing
    elif spoil == "worse":
        world.registry.described["2"] = version("2", auc=0.91)
    elif spoil == "untagged":
        world.registry.described["2"] = version("2", owner="")
    elif spoil == "unloadable":
        world.cluster.broken = frozenset({"2"})
    else:
        world.registry.described["2"] = version("2", **{"model.digest": "sha256:" + "b" * 64})
    await serve(world, "2")
    assert world.serving == f"{NAME}-r1"
    assert world.condition("Ready")["status"] == "True"
    assert world.condition("Promoted")["status"] == "False"
    assert world.revision(2)["phase"] == "Rejected"
    assert world.revision(2)["reason"] == reason
    assert world.names("Deployment") == [f"{NAME}-r1"]
    assert world.registry.models[MODEL]["production"] == "1"


async def test_a_rejected_version_is_tried_again_only_when_the_alias_moves_on_or_retry_changes(world: World) -> None:
    await serve(world, "1")
    world.cluster.verdict = failing
    await serve(world, "2")
    await world.settle()
    assert world.names("ModelRevision") == [f"{NAME}-r1", f"{NAME}-r2"]
    world.edit(retry="again")
    await world.settle()
    assert world.names("ModelRevision")[-1] == f"{NAME}-r3"
    await serve(world, "1")
    await serve(world, "2")
    assert world.names("ModelRevision")[-1] == f"{NAME}-r4"


async def test_a_person_rolls_back_and_production_is_held_there(world: World) -> None:
    await serve(world, "1")
    world.alias("2")
    await world.settle(hours=0.1)
    world.edit(rollback={"to": "previous", "reason": "looks odd"})
    await world.step()
    assert world.serving == f"{NAME}-r1", "the flip happens in the first pass"
    await world.settle(hours=0.1)
    assert world.revision(2)["phase"] == "RolledBack"
    assert world.registry.models[MODEL]["production"] == "1"
    assert world.status["hold"]["reason"] == "RolledBack"
    counted = world.context.instruments.registry.get_sample_value
    labels = {"namespace": "demo", "release": NAME, "trigger": "User"}
    assert counted("slipway_rollbacks_total", labels) == 1
    assert counted("slipway_phase_duration_seconds_count", {"phase": "Gating"}) == 2
    assert world.condition("Held")["status"] == "True"
    assert world.status["rollback"]["completedAt"]


async def take_back(world: World) -> None:
    """Release version 1, then 2, and roll it back to the end."""
    await serve(world, "1")
    world.alias("2")
    await world.settle(hours=0.1)
    world.edit(rollback={"to": "previous"})
    await world.settle(hours=0.1)


async def test_after_each_flip_others_may_work_before_the_operator_looks_again(world: World) -> None:
    await take_back(world)
    assert world.paused == [(f"{NAME}-r2", SETTLE_SECONDS), (f"{NAME}-r1", SETTLE_SECONDS)]


async def test_lifting_the_hold_does_not_bring_the_rejected_version_back_but_a_new_one_goes(world: World) -> None:
    await take_back(world)
    world.edit(rollback=None)
    await world.settle(hours=0.1)
    assert world.serving == f"{NAME}-r1"
    await serve(world, "3")
    assert world.status["live"]["version"] == "3"


async def test_what_was_taken_back_stays_back_although_the_alias_had_come_to_it_anew(world: World) -> None:
    await serve(world, "1")
    world.alias("2")
    await world.settle(hours=0.1)
    world.cluster.verdict = failing
    world.alias("3")
    await world.settle(hours=0.01)
    world.alias("2")
    await world.settle(hours=0.01)
    world.edit(rollback={"to": "previous"}, retry="changed while it served")
    await world.settle(hours=0.01)
    world.cluster.verdict = passing
    world.edit(rollback=None)
    await world.settle(hours=0.1)
    assert world.serving == f"{NAME}-r1"
    assert [rejected["revision"] for rejected in world.status["rejected"]] == [f"{NAME}-r2"]
    world.edit(retry="now it is wanted")
    await world.settle(hours=0.1)
    assert world.status["live"]["version"] == "2"


async def test_a_rollback_to_nothing_is_refused_in_words_and_holds_up_nothing_else(world: World) -> None:
    world.alias("1")
    await world.until("Watching")
    world.edit(rollback={"to": "previous"})
    await world.settle()
    assert world.condition("Stalled")["reason"] == "NoRollbackTarget"
    assert world.revision(1)["outcome"] == "Promoted"
    assert world.registry.models[MODEL]["production"] == "1"


async def test_a_person_who_changes_their_mind_finds_both_sides_warm(world: World) -> None:
    await serve(world, "1")
    world.alias("2")
    await world.settle(hours=0.1)
    world.edit(rollback={"version": "1"})
    await world.settle(hours=0.01)
    world.edit(rollback={"version": "2"})
    await world.step()
    assert world.serving == f"{NAME}-r2"
    await world.settle(hours=0.01)
    assert world.revision(2)["phase"] == "Live"
    assert world.revision(1)["phase"] == "RolledBack"


async def test_a_cold_target_is_brought_up_before_production_moves(world: World) -> None:
    await serve(world, "1")
    await serve(world, "2")
    world.cluster.unready.add(f"{NAME}-r1")
    world.edit(rollback={"version": "1"})
    for _ in range(5):
        await world.step()
    assert world.serving == f"{NAME}-r2"
    world.cluster.unready.clear()
    await world.settle()
    assert world.serving == f"{NAME}-r1"


async def test_a_revision_that_loses_its_pods_is_taken_back_once(world: World) -> None:
    await serve(world, "1")
    world.alias("2")
    await world.until("Watching")
    world.cluster.unready.add(f"{NAME}-r2")
    await world.settle(hours=0.1)
    assert world.serving == f"{NAME}-r1"
    assert world.revision(2)["reason"] == "RolledBackByPodsUnready"
    assert world.status["hold"]["reason"] == "AutomaticRollback"
    world.cluster.unready = {f"{NAME}-r1"}
    await world.settle(hours=0.1)
    assert world.serving == f"{NAME}-r1", "a rollback is never rolled back"


async def test_without_a_ready_previous_production_stays_where_it_is(world: World) -> None:
    await serve(world, "1")
    await serve(world, "2")
    world.cluster.unready.add(f"{NAME}-r2")
    await world.settle()
    assert world.serving == f"{NAME}-r2"
    assert world.condition("Ready")["status"] == "False"


async def test_an_alias_that_moves_before_the_flip_supersedes_the_attempt(world: World) -> None:
    await serve(world, "1")
    world.alias("2")
    await world.until("Gating")
    await serve(world, "3")
    assert world.revision(2)["phase"] == "Superseded"
    assert world.status["live"]["version"] == "3"


async def test_an_alias_that_moves_during_the_watch_queues_behind_it(world: World) -> None:
    await serve(world, "1")
    world.alias("2")
    await world.until("Watching")
    await serve(world, "3")
    assert world.revision(2)["outcome"] == "Promoted"
    assert world.status["live"]["version"] == "3"


async def test_a_registry_outage_freezes_and_changes_nothing(world: World) -> None:
    await serve(world, "1")
    world.alias("2")
    await world.until("Staging")
    world.registry.down = True
    await world.settle(hours=0.01)
    assert world.serving == f"{NAME}-r1"
    assert world.condition("RegistryReachable")["status"] == "False"
    world.registry.down = False
    await world.settle(hours=0.1)
    assert world.status["live"]["version"] == "2"
    assert world.registry.models[MODEL]["production"] == "2"


async def test_a_rollback_works_while_the_registry_is_down(world: World) -> None:
    await serve(world, "1")
    world.alias("2")
    await world.settle(hours=0.1)
    world.registry.down = True
    world.edit(rollback={"to": "previous"})
    await world.settle(hours=0.01)
    assert world.serving == f"{NAME}-r1"
    world.registry.down = False
    await world.settle(hours=0.1)
    assert world.registry.models[MODEL]["production"] == "1"


async def test_paused_finishes_nothing(world: World) -> None:
    await serve(world, "1")
    world.edit(paused=True)
    await serve(world, "2")
    assert world.serving == f"{NAME}-r1"
    assert world.names("ModelRevision") == [f"{NAME}-r1"]
    world.edit(paused=False)
    await world.settle()
    assert world.status["live"]["version"] == "2"


async def test_a_selector_edited_by_hand_is_reported_and_not_fought(world: World) -> None:
    await serve(world, "1")
    await serve(world, "2")
    service = world.cluster.objects[("Service", "demo", NAME)]
    service["spec"]["selector"] = {"app": "something-else"}
    before = world.flips()
    await world.settle()
    assert world.flips() == before
    assert world.condition("Stalled")["reason"] == "SelectorEdited"


async def test_a_selector_edited_to_an_earlier_revision_is_to_go_back_to_the_one_that_was_chosen(world: World) -> None:
    await serve(world, "1")
    await serve(world, "2")
    service = world.cluster.objects[("Service", "demo", NAME)]
    selector = {**service["spec"]["selector"], "slipway.dev/revision": f"{NAME}-r1"}
    world.put({**service, "spec": {**service["spec"], "selector": selector}})
    await world.settle()
    said = world.condition("Stalled")["message"]
    assert f"points at {NAME}-r1, which Slipway did not set; point it back at {NAME}-r2" in said


async def test_somebody_elses_service_of_the_same_name_is_left_alone(world: World) -> None:
    world.put({"kind": "Service", "metadata": {"name": NAME, "namespace": "demo"}, "spec": {"selector": {"app": "x"}}})
    await serve(world, "1")
    assert world.condition("Stalled")["reason"] == "ServiceConflict"
    assert world.cluster.objects[("Service", "demo", NAME)]["spec"]["selector"] == {"app": "x"}


async def test_a_release_never_takes_the_service_of_another_for_its_staging_service(world: World) -> None:
    selector = {"slipway.dev/release": f"{NAME}-staging"}
    metadata = {"name": f"{NAME}-staging", "namespace": "demo", "labels": {"slipway.dev/release": f"{NAME}-staging"}}
    world.put({"kind": "Service", "metadata": metadata, "spec": {"selector": selector}})
    await serve(world, "1")
    stalled = world.condition("Stalled")
    assert stalled["reason"] == "ServiceConflict"
    assert f"Service {NAME}-staging belongs to release {NAME}-staging" in stalled["message"]
    assert world.cluster.objects[("Service", "demo", f"{NAME}-staging")]["spec"]["selector"] == selector
    del world.cluster.objects[("Service", "demo", f"{NAME}-staging")]
    await world.settle()
    assert world.serving == f"{NAME}-r1", "it goes on once the name is free"


async def test_a_deleted_production_service_is_made_again(world: World) -> None:
    await serve(world, "1")
    del world.cluster.objects[("Service", "demo", NAME)]
    await world.settle()
    assert world.serving == f"{NAME}-r1"


async def test_an_unknown_registry_and_a_missing_model_stall_with_a_reason(world: World) -> None:
    world.edit(model={"name": "nobody", "candidate": {"alias": "staging"}})
    await world.settle()
    assert world.condition("Stalled")["reason"] == "ModelNotFound"
    world.edit(model={"name": MODEL, "registry": "elsewhere", "candidate": {"alias": "staging"}})
    await world.settle()
    assert world.condition("Stalled")["reason"] == "UnknownRegistry"


async def test_a_version_that_the_registry_refuses_stalls_with_its_words_and_goes_on_when_it_is_there(
    world: World,
) -> None:
    world.edit(model={"name": MODEL, "candidate": {"version": "9"}})
    await world.settle()
    stalled = world.condition("Stalled")
    assert (stalled["status"], stalled["reason"]) == ("True", "VersionNotDescribed")
    assert "RESOURCE_DOES_NOT_EXIST: no version 9" in stalled["message"]
    assert "no version 9" in world.status["message"]
    world.registry.described["9"] = version("9")
    await world.settle()
    assert world.status["live"]["version"] == "9"


async def test_a_version_that_cannot_be_described_for_now_is_waited_for_and_the_status_says_why(world: World) -> None:
    world.registry.failing["1"] = "INTERNAL_ERROR: database is locked"
    world.alias("1")
    await world.passes(5)
    assert world.condition("Stalled")["status"] == "False"
    assert world.status["message"] == (
        "waiting for the registry to describe version 1: INTERNAL_ERROR: database is locked"
    )
    world.registry.failing.clear()
    await world.settle()
    assert world.status["live"]["version"] == "1"


async def test_an_error_of_the_registry_while_gates_are_judged_is_named_in_the_verdict(world: World) -> None:
    world.alias("1")
    while not world.names("ModelRevision"):
        await world.step()
    world.registry.failing["1"] = "INTERNAL_ERROR: database is locked"
    world.now = world.later(60)
    await world.settle()
    assert world.revision(1)["reason"] == "GateError"
    assert "version 1: INTERNAL_ERROR: database is locked" in world.revision(1)["message"]


async def test_a_figure_that_does_not_count_ends_inconclusive_and_is_never_live(world: World) -> None:
    nan = Figure(reason="is NaN in run r, which MLflow keeps as 0 on the model; log a finite figure")
    world.registry.described["1"] = replace(version("1"), metrics=Logged({"auc": (nan,)}))
    world.alias("1")
    await world.settle()
    assert world.revision(1)["phase"] == "Inconclusive"
    assert "the candidate version's auc is NaN in run r" in world.revision(1)["message"]
    assert "live" not in world.status


async def test_changing_the_policy_before_the_flip_starts_a_new_attempt(world: World) -> None:
    world.alias("1")
    await world.until("Gating")
    world.edit(slo={"errors": {"ratio": 0.5}})
    await world.settle()
    assert world.revision(1)["reason"] == "SpecChanged"
    assert world.status["live"]["revision"] == f"{NAME}-r2"


async def test_changing_the_policy_later_does_not_roll_the_pods(world: World) -> None:
    await serve(world, "1")
    world.edit(slo={"errors": {"ratio": 0.5}})
    await world.settle()
    assert world.names("ModelRevision") == [f"{NAME}-r1"]


async def test_scaling_needs_no_new_revision(world: World) -> None:
    await serve(world, "1")
    world.edit(server={"replicas": 5})
    await world.settle()
    assert world.names("ModelRevision") == [f"{NAME}-r1"]
    assert world.cluster.objects[("Deployment", "demo", f"{NAME}-r1")]["spec"]["replicas"] == 5


async def test_orphaning_takes_the_owner_from_the_children_and_deleting_leaves_them(world: World) -> None:
    await serve(world, "1")
    world.edit(deletionPolicy="Orphan")
    await world.settle()
    for kind, name in (("Service", NAME), ("ModelRevision", f"{NAME}-r1")):
        assert not world.cluster.objects[(kind, "demo", name)]["metadata"].get("ownerReferences")


async def test_history_is_kept_to_its_limit(world: World) -> None:
    world.edit(revisionHistoryLimit=2)
    await serve(world, "1")
    world.cluster.verdict = failing
    for number in ("2", "3", "2", "3"):
        await serve(world, number)
    assert world.names("ModelRevision") == [f"{NAME}-r1", f"{NAME}-r4", f"{NAME}-r5"]
