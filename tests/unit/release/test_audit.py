"""What a release leaves in the audit log, and what becomes of it while the audit store is down."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from slipway.api.outbox import CAPACITY, FORWARD_LIMIT
from slipway.audit.checkpoint import SignedCheckpoint
from slipway.audit.record import Head, canonical
from slipway.audit.recorder import Recorder
from slipway.audit.verify import verify
from slipway.metrics.instruments import Instruments
from tests.unit.release.fakes import FakeStore, failing
from tests.unit.release.world import MODEL, NAME, NAMESPACE, SIGNER, World


@pytest.fixture
def world() -> World:
    return World()


async def serve(world: World, number: str) -> None:
    world.alias(number)
    await world.settle(hours=0.1)


def told(world: World, *keys: str) -> list[tuple[Any, ...]]:
    """These fields of every record."""
    return [tuple(record[key] for key in keys) for record in world.store.records]


async def test_a_promotion_is_told_from_its_start_to_its_end(world: World) -> None:
    await serve(world, "1")
    assert told(world, "action", "from", "to") == [
        ("Started", None, "Pending"),
        ("GatesJudged", None, None),
        ("Fetching", "Pending", "Fetching"),
        ("Staging", "Fetching", "Staging"),
        ("Gating", "Staging", "Gating"),
        ("GatesJudged", None, None),
        ("Promoting", "Gating", "Promoting"),
        ("Flipped", "Promoting", "Watching"),
        ("AliasMoving", None, "1"),
        ("AliasMoved", None, "1"),
        ("Promoted", "Watching", "Live"),
    ]


async def test_a_record_names_the_bundle_and_hashes_the_evidence(world: World) -> None:
    await serve(world, "1")
    record = next(r for r in world.store.records if r["action"] == "Promoting")
    assert (record["namespace"], record["release"], record["revision"]) == (NAMESPACE, NAME, f"{NAME}-r1")
    assert record["digests"]["model"] == "sha256:" + "a" * 64
    assert set(record["evidence"]) == {"governance", "metrics/auc", "smoke"}
    assert all(len(digest) == 64 for digest in record["evidence"].values())


async def test_a_rejection_is_recorded_with_its_reason(world: World) -> None:
    await serve(world, "1")
    world.cluster.verdict = failing
    await serve(world, "2")
    action, to, reason = told(world, "action", "to", "reason")[-1]
    assert (action, to) == ("GateFail", "Rejected")
    assert "too slow" in reason


async def test_a_rollback_is_intended_first_and_has_one_outcome(world: World) -> None:
    await serve(world, "1")
    await serve(world, "2")
    world.edit(rollback={"to": "previous", "reason": "complaints"})
    await world.settle(hours=0.1)
    rollback = [record for record in world.store.records if record["effect"] == "Rollback"]
    assert [(r["action"], r["outcome"], r["from"], r["to"]) for r in rollback] == [
        ("RollbackRequested", "Intended", f"{NAME}-r2", f"{NAME}-r1"),
        ("RolledBack", "Done", f"{NAME}-r2", f"{NAME}-r1"),
    ]
    assert "complaints" in rollback[0]["reason"]


async def test_a_rollback_that_is_taken_out_before_it_happened_is_dropped(world: World) -> None:
    await serve(world, "1")
    await serve(world, "2")
    world.cluster.unready.add(f"{NAME}-r1")
    world.edit(rollback={"to": "previous"})
    await world.step()
    world.edit(rollback=None)
    await world.settle(hours=0.1)
    assert [r["outcome"] for r in world.store.records if r["effect"] == "Rollback"] == ["Intended", "Dropped"]


async def test_a_pause_is_recorded_when_it_begins_and_when_it_ends(world: World) -> None:
    await serve(world, "1")
    world.edit(paused=True)
    await world.settle(hours=0.1)
    world.edit(paused=False)
    await world.settle(hours=0.1)
    assert [action for (action,) in told(world, "action")][-2:] == ["Held", "HoldLifted"]


async def test_a_selector_that_somebody_edited_is_recorded_once(world: World) -> None:
    await serve(world, "1")
    service = world.cluster.objects[("Service", NAMESPACE, NAME)]
    world.put({**service, "spec": {**service["spec"], "selector": {"app": "mine"}}})
    await world.settle(hours=2)
    stalls = [record for record in world.store.records if record["action"] == "Stalled"]
    assert [record["to"] for record in stalls] == ["SelectorEdited"]


async def test_nothing_is_written_at_rest_for_the_log_s_sake(world: World) -> None:
    await serve(world, "1")
    before = list(world.cluster.writes)
    world.restart()
    await world.settle(hours=48)
    assert world.cluster.writes[len(before) :] == [], "only keep-warm windows close later, and none is open"


async def test_ten_releases_at_once_make_one_chain_without_gaps() -> None:
    store = FakeStore()
    recorder = Recorder(store, Instruments(CollectorRegistry()), SIGNER)
    worlds = [World(store=store, recorder=recorder, uid=f"release-{n}") for n in range(10)]
    for number, world in enumerate(worlds):
        world.cluster._versions = itertools.count(100_000 * (number + 1))
    await asyncio.gather(*(serve(world, "1") for world in worlds))
    await recorder.flush()
    log = verify([canonical(record) for record in store.records], anchor=Head())
    assert (log.findings, log.records) == ([], 10 * 11)
    releases = [record["source"]["uid"] for record in store.records]
    assert releases != sorted(releases), "they ran side by side, and their records lie between one another"


class TestTheStoreIsDown:
    """Nothing is lost, nothing forward goes on for ever, and no way back waits."""

    async def test_a_release_and_a_rollback_go_through_and_are_recorded_afterwards(self, world: World) -> None:
        world.store.down = True
        await serve(world, "1")
        await serve(world, "2")
        world.edit(rollback={"to": "previous"})
        await world.settle(hours=0.1)
        assert (world.serving, world.store.records) == (f"{NAME}-r1", [])
        world.restart()
        world.store.down = False
        await world.settle(hours=0.1)
        log = verify([canonical(record) for record in world.store.records], anchor=Head())
        assert (log.findings, log.records) == ([], sum(log.sources.values()))
        assert "RolledBack" in [action for (action,) in told(world, "action")]

    async def test_promotions_wait_once_the_outbox_is_nearly_full(self, world: World) -> None:
        await serve(world, "1")
        world.store.down = True
        while len(world.status["outbox"]) < FORWARD_LIMIT:
            world.edit(paused=not world.status.get("hold"))
            await world.step()
        world.edit(paused=False)
        await serve(world, "2")
        assert world.serving == f"{NAME}-r1"
        assert world.condition("Stalled")["reason"] == "AuditBacklog"
        assert "promotions are suspended, rollbacks are not" in world.condition("Stalled")["message"]
        world.store.down = False
        await world.settle(hours=0.1)
        assert world.serving == f"{NAME}-r2"

    async def test_a_rollback_goes_through_even_when_the_outbox_is_full(self, world: World) -> None:
        await serve(world, "1")
        await serve(world, "2")
        world.store.down = True
        for _ in range(CAPACITY):
            world.edit(paused=not world.status.get("hold"))
            await world.step()
        full = world.status["outbox"]
        assert len(full) == CAPACITY
        world.edit(rollback={"to": "previous"}, paused=False)
        await world.settle(hours=0.1)
        assert world.serving == f"{NAME}-r1"
        last = world.status["outbox"][-1]
        assert int(last["details"]["omitted"]) > 0
        assert len(world.status["outbox"]) == CAPACITY

    async def test_history_waits_until_its_evidence_is_stored(self, world: World) -> None:
        world.edit(revisionHistoryLimit=1)
        await serve(world, "1")
        world.cluster.verdict = failing
        await serve(world, "2")
        world.store.down = True
        await serve(world, "3")
        assert f"{NAME}-r2" in world.names("ModelRevision")
        world.store.down = False
        world.edit()
        await world.settle(hours=0.1)
        assert f"{NAME}-r2" not in world.names("ModelRevision")
        assert ("Expired", f"{NAME}-r2") in told(world, "action", "revision")


class TestCheckpoints:
    """Signed, kept with the revision and with the model version, once for what there is to cover."""

    def checkpoint(self, world: World, number: int) -> SignedCheckpoint:
        manifest = world.cluster.objects[("ModelRevision", NAMESPACE, f"{NAME}-r{number}")]
        return SignedCheckpoint.parse(manifest["metadata"]["annotations"]["slipway.dev/checkpoint"])

    async def test_a_promotion_leaves_one_with_the_revision_and_the_model_version(self, world: World) -> None:
        await serve(world, "1")
        made = self.checkpoint(world, 1)
        assert (made.valid(), made.key) == (True, SIGNER.public)
        assert verify([canonical(r) for r in world.store.records], [made], Head()).findings == []
        assert world.registry.tags[(MODEL, "1")]["slipway.checkpoint"] == made.text()
        assert made.seq == len(world.store.records)

    async def test_a_cut_end_is_seen_even_where_the_last_attempt_was_rejected(self, world: World) -> None:
        await serve(world, "1")
        world.cluster.verdict = failing
        await serve(world, "2")
        log = verify([canonical(r) for r in world.store.records[:-1]], [self.checkpoint(world, 2)], Head())
        assert [finding.seq for finding in log.findings] == [len(world.store.records)]

    async def test_an_outage_of_the_registry_puts_it_off(self, world: World) -> None:
        world.alias("1")
        await world.until("Watching")
        world.registry.down = True
        await world.settle(hours=0.1)
        assert world.registry.tags == {}
        world.registry.down = False
        await world.settle(hours=0.1)
        assert self.checkpoint(world, 1).text() == world.registry.tags[(MODEL, "1")]["slipway.checkpoint"]

    async def test_an_annotation_that_somebody_spoilt_is_written_again_once(self, world: World) -> None:
        await serve(world, "1")
        manifest = world.cluster.objects[("ModelRevision", NAMESPACE, f"{NAME}-r1")]
        manifest["metadata"]["annotations"]["slipway.dev/checkpoint"] = "[]"
        before = len(world.cluster.writes)
        await world.settle(hours=1)
        assert world.cluster.writes[before:] == [("patch", "ModelRevision", f"{NAME}-r1")]
        assert self.checkpoint(world, 1).valid()
