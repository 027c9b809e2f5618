"""Who is on record for what: the person, where the webhook saw one; the rule that fired; or nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from slipway.api.actors import ANNOTATION, Signed, Stamp, stamped
from slipway.api.release import ModelRelease
from slipway.cluster.port import Object
from slipway.words.times import stamp
from tests.unit.release.fakes import DIGEST, failing
from tests.unit.release.world import MODEL, NAME, NAMESPACE, World, release, version

KEY = b"k" * 32
PINNED = {"name": MODEL, "candidate": {"version": "1"}}
PREVIOUS = {"to": "previous"}


class Staffed(World):
    """A world whose API server asks the webhook who changes the release."""

    def restart(self) -> None:
        super().restart()
        self.context = replace(self.context, actor_key=KEY)

    def by(self, user: str, **spec: Any) -> None:
        """`user` patches the spec while the webhook runs."""
        before = self.manifest
        self.edit(**spec)
        after = signed(self.manifest)
        by = Stamp(user=user, at=stamp(self.now))
        annotation = stamped(KEY, signed(before) if "generation" in before["metadata"] else None, after, by)
        self.put({**self.manifest, "metadata": {**self.manifest["metadata"], "annotations": {ANNOTATION: annotation}}})

    def made_by(self, user: str, **spec: Any) -> None:
        """`user` makes the release anew."""
        self.cluster.objects.pop(("ModelRelease", NAMESPACE, NAME))
        self.put(release(**spec))
        annotation = stamped(KEY, None, signed(self.manifest), Stamp(user=user, at=stamp(self.now)))
        self.put({**self.manifest, "metadata": {**self.manifest["metadata"], "annotations": {ANNOTATION: annotation}}})

    @property
    def manifest(self) -> Object:
        return self.cluster.objects[("ModelRelease", NAMESPACE, NAME)]

    def intake(self, number: int) -> str:
        """Who asked for a revision."""
        found = self.cluster.objects[("ModelRevision", NAMESPACE, f"{NAME}-r{number}")]
        return str(found["spec"]["intake"]["actor"])

    def recorded(self, action: str) -> list[str]:
        """The actors of the records for `action`, oldest first."""
        return [record["actor"] for record in self.store.records if record["action"] == action]


def signed(manifest: Object) -> Signed:
    found = ModelRelease.parse(manifest)
    meta = found.metadata
    return Signed(meta.namespace, meta.name, meta.generation, found.spec, meta.annotations.get(ANNOTATION))


@pytest.fixture
def world() -> Staffed:
    return Staffed()


async def test_a_version_that_the_spec_names_is_asked_for_by_whoever_wrote_it(world: Staffed) -> None:
    world.by("alice", model=PINNED)
    await world.settle()
    assert world.intake(1) == "alice"
    world.by("bob", model={**PINNED, "candidate": {"version": "2"}})
    await world.settle()
    assert world.intake(2) == "bob"


async def test_whoever_makes_a_release_asks_for_what_its_alias_points_at(world: Staffed) -> None:
    world.alias("1")
    world.made_by("alice")
    await world.settle()
    assert world.intake(1) == "alice"


async def test_who_moves_an_alias_in_the_registry_is_not_known(world: Staffed) -> None:
    world.made_by("alice")
    await world.settle()
    world.alias("1")
    await world.settle()
    world.by("bob", revisionHistoryLimit=5)
    world.alias("2")
    await world.settle()
    assert (world.intake(1), world.intake(2)) == ("unverified", "unverified")


async def test_another_try_and_another_policy_are_asked_for_by_whoever_changed_that(world: Staffed) -> None:
    world.alias("1")
    world.made_by("alice")
    world.cluster.verdict = failing
    await world.settle()
    world.by("bob", retry="once more")
    await world.settle()
    world.by("carol", gates={"smoke": {"requests": 100}}, retry="once more")
    await world.settle()
    assert [world.intake(number) for number in (1, 2)] == ["alice", "bob"]
    world.cluster.verdict = World().cluster.verdict
    world.by("dave", gates={"smoke": {"requests": 100}}, retry="and again")
    await world.settle()
    world.by("erin", gates={"smoke": {"requests": 100}}, retry="and again", server={"image": "server:2"})
    await world.settle()
    assert world.intake(len(world.names("ModelRevision"))) == "erin"


async def test_a_change_that_the_webhook_did_not_see_is_nobodys(world: Staffed) -> None:
    world.by("alice", model=PINNED)
    await world.settle()
    world.edit(model={**PINNED, "candidate": {"version": "2"}})
    await world.settle()
    assert world.intake(2) == "unverified"


async def two_versions(world: Staffed) -> None:
    for number in ("1", "2"):
        world.by("ci", model={**PINNED, "candidate": {"version": number}})
        await world.settle(hours=0.1)


async def test_a_rollback_names_who_asked_and_so_does_all_that_follows(world: Staffed) -> None:
    await two_versions(world)
    world.by("alice", rollback=PREVIOUS)
    await world.settle(hours=0.1)
    assert world.status["rollback"]["actor"] == "alice"
    for action in ("RollbackRequested", "RolledBack", "RolledBackByUser", "RestoredByRollback", "Held"):
        assert world.recorded(action) == ["alice"], action

    world.by("bob", rollback=None)
    await world.settle(hours=0.1)
    assert world.recorded("HoldLifted") == ["bob"]
    assert world.status["rollback"]["actor"] == "alice"


async def test_what_happens_by_itself_names_its_rule(world: Staffed) -> None:
    await two_versions(world)
    world.cluster.unready.add(f"{NAME}-r2")
    await world.settle(hours=0.1)
    assert world.status["rollback"]["actor"] == "rule:PodsUnready"
    assert world.recorded("RolledBack") == ["rule:PodsUnready"]
    assert world.recorded("Held") == ["rule:PodsUnready"]
    world.by("alice", retry="mended")
    await world.settle(hours=0.1)
    assert world.recorded("HoldLifted") == ["alice"]


async def test_every_actor_on_record_is_a_person_a_rule_or_nobody(world: Staffed) -> None:
    await two_versions(world)
    world.by("alice", rollback=PREVIOUS, paused=True)
    await world.settle()
    others = {
        actor for record in world.store.records if (actor := record["actor"]) not in ("ci", "alice", "unverified")
    }
    assert others
    assert all(actor.startswith("rule:") for actor in others)


async def test_a_pause_and_its_end_name_who_asked(world: Staffed) -> None:
    world.by("alice", model=PINNED, paused=True)
    await world.settle(hours=0.1)
    world.by("bob", paused=False)
    await world.settle(hours=0.1)
    assert (world.recorded("Held"), world.recorded("HoldLifted")) == (["alice"], ["bob"])


FOUR_EYES = {"smoke": {}, "approval": {"required": True, "fourEyes": True}}


def approved(digest: str | None) -> dict[str, Any]:
    return {**FOUR_EYES, "approval": {**FOUR_EYES["approval"], "approved": digest} if digest else FOUR_EYES["approval"]}


async def waiting(world: Staffed) -> None:
    """Until the approval of a version that alice registered is asked for."""
    world.registry.described["1"] = version("1", author="alice")
    world.by("ci", model=PINNED, gates=FOUR_EYES)
    await world.settle(hours=0.1)
    assert world.recorded("ApprovalAsked") == ["rule:Approval"]


async def test_four_eyes_the_author_cannot_approve(world: Staffed) -> None:
    await waiting(world)
    world.by("Alice", gates=approved(DIGEST))
    await world.settle(hours=0.1)
    assert "someone else must approve it" in world.status["message"]
    assert world.serving is None


async def test_four_eyes_another_person_can_even_right_after_the_author(world: Staffed) -> None:
    await waiting(world)
    world.by("alice", gates=approved(DIGEST))
    await world.settle(hours=0.1)
    world.by("bob", gates=approved(None))
    world.by("bob", gates=approved(DIGEST))
    await world.settle(hours=0.1)
    assert world.revision(1)["consent"]["approver"] == "bob"
    assert world.recorded("Approved") == ["alice", "bob"]
    assert world.serving == f"{NAME}-r1"


async def test_four_eyes_an_approval_that_the_webhook_did_not_see_does_not_count(world: Staffed) -> None:
    await waiting(world)
    world.edit(gates=approved(DIGEST))
    await world.settle(hours=0.1)
    assert "nobody recorded who approved" in world.status["message"]
    assert "remove spec.gates.approval.approved and set it again" in world.status["message"]


async def test_a_later_edit_does_not_take_the_approver_away(world: Staffed) -> None:
    await waiting(world)
    world.by("bob", gates=approved(DIGEST), paused=True)
    await world.settle(hours=0.1)
    world.edit(revisionHistoryLimit=3)
    world.edit(paused=False)
    await world.settle(hours=0.1)
    assert world.revision(1)["consent"]["approver"] == "bob"
    assert world.serving == f"{NAME}-r1"
