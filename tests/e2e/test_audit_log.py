"""Everything that was done is in the audit log, once, and the log is whole: whatever is killed, whatever is down."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import audit_log
from tests.e2e.attempts import SMOKE
from tests.e2e.audit_log import effects, export, of_release, slipway
from tests.e2e.cluster import Cluster
from tests.e2e.conftest import Stage, not_served, settled
from tests.e2e.figures import record
from tests.e2e.operator_pod import Operator
from tests.e2e.recorder import recording
from tests.e2e.releases import Release
from tests.e2e.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.story, pytest.mark.timeout(900)]

KILLS = 20
OUTAGE_SECONDS = 40
TOGETHER = 10


@pytest.fixture(scope="module")
def release(lasting: Release, versions: Mapping[str, str]) -> Release:
    """A release with a way back."""
    return settled(lasting, versions)


def objects(release: Release) -> list[dict[str, Any]]:
    """The release and its revisions."""
    own = release.cluster.get("ModelRelease", release.namespace, release.name)
    return [*([own] if own else []), *release.revisions()]


def all_stored(release: Release, folder: Path) -> list[dict[str, Any]]:
    """The release's records, once the log has every entry that its objects have numbered."""

    def look() -> list[dict[str, Any]] | None:
        records = of_release(export(folder), release.namespace, release.name)
        wanted = {o["metadata"]["uid"]: o["status"]["recorded"] for o in objects(release)}
        have = {(r["source"]["uid"], r["source"]["seq"]) for r in records}
        numbered = {(uid, seq) for uid, last in wanted.items() for seq in range(1, last + 1)}
        return records if have == numbered and len(records) == len(numbered) else None

    return until("every entry has exactly one record", look, within=60, state=release.seen)


def other(release: Release) -> str:
    """The revision that served before the one that serves now."""
    served = {r["metadata"]["name"] for r in release.revisions() if r["status"].get("flippedAt")}
    return max(served - {release.selected() or ""}, key=lambda name: int(name.rsplit("r", 1)[1]))


def roll_back(release: Release, to: str) -> None:
    """`kubectl patch` that asks for production to go back to the revision `to`."""
    release.patch(f'{{"spec":{{"rollback":{{"to":"{to}"}}}}}}')


def completed(release: Release, to: str) -> bool:
    """Whether production was seen to be back at `to`."""
    rollback = release.status().get("rollback") or {}
    return rollback.get("to") == to and "completedAt" in rollback


def test_the_operator_is_killed_again_and_again_and_every_effect_has_exactly_one_record(
    release: Release, versions: Mapping[str, str], operator: Operator, cluster: Cluster, tmp_path: Path
) -> None:
    before, chance, version = len(all_stored(release, tmp_path)), random.Random(7), not_served(release, versions)
    with recording(cluster, release.namespace, release.name) as seen:
        release.stage(version)
        for number in range(KILLS):
            time.sleep(chance.uniform(0.5, 3.0))
            operator.kill()
            if number == KILLS // 3:
                release.until_promoted(version)
            elif number > KILLS // 3:
                roll_back(release, other(release))
        last = other(release)
        roll_back(release, last)
        until("the last rollback is complete", lambda: completed(release, last), 90, release.seen)
        records = all_stored(release, tmp_path)[before:]
    intended, done = (effects(records, outcome, "Flip", "Rollback") for outcome in ("Intended", "Done"))
    assert intended == done + effects(records, "Dropped", "Flip", "Rollback")
    assert done.total() == len(seen.flips) > 1
    record("audit: kills survived, flips seen and recorded", [KILLS, len(seen.flips)])


def test_a_rollback_goes_through_while_the_store_is_down_and_is_recorded_afterwards(
    release: Release, operator: Operator, tmp_path: Path
) -> None:
    before, target = len(all_stored(release, tmp_path)), other(release)
    outage = audit_log.Outage(operator, OUTAGE_SECONDS)
    started = time.monotonic()
    roll_back(release, target)
    until("production moved", lambda: release.selected() == target, 30, release.seen)
    record("rollback while the audit store is down, seconds", round(time.monotonic() - started, 2))
    until("entries wait", lambda: operator.metric("slipway_audit_backlog_records") > 0, 30)
    assert time.monotonic() - started < OUTAGE_SECONDS, "the store was down for all of this"
    assert outage.lasts(), "the store was down for all of this"
    outage.over()
    records = all_stored(release, tmp_path)
    assert effects(records[before:], "Done", "Rollback") == {"Rollback": 1}
    until("nothing waits", lambda: operator.metric("slipway_audit_backlog_records") == 0, 30)


def test_the_log_is_whole_and_held_against_its_checkpoints(release: Release) -> None:
    until("the live revision bears a checkpoint", lambda: _checkpoints(release), 30, release.seen)
    done = slipway("verify")
    assert done.code == 0, done.said
    assert "the log is intact" in done.said


def test_the_model_version_bears_a_checkpoint_too(release: Release) -> None:
    version = release.live()
    assert version is not None
    assert "signature" in release.models.tags(version)["slipway.checkpoint"]


@pytest.mark.long
def test_ten_releases_at_once_make_one_chain_without_gaps(
    release: Release, stage: Stage, versions: Mapping[str, str], tmp_path: Path
) -> None:
    many = [stage(f"many-{number}", alias="many-staging") for number in range(TOGETHER)]
    many[0].stage(versions["good"])
    with ThreadPoolExecutor(TOGETHER) as people:
        list(people.map(lambda each: each.apply(gates={"smoke": SMOKE}), many))
    for each in many:
        each.until_promoted(versions["good"])
    for each in many:
        assert effects(all_stored(each, tmp_path), "Done", "Flip") == {"Flip": 1}, each.name
        each.cluster.delete("ModelRelease", each.namespace, each.name)
    numbers = [record["seq"] for record in export(tmp_path)]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    done = slipway("verify")
    assert done.code == 0, done.said
    assert release.live(), "the release beside them was left alone"


def test_a_tampered_copy_of_the_database_is_found_and_the_record_named(operator: Operator, tmp_path: Path) -> None:
    whole = tmp_path / "whole.db"
    audit_log.copied(operator, whole)
    assert slipway("verify", "--database", f"sqlite:///{whole}").code == 0
    changes = {
        'UPDATE records SET body = replace(body, \'"actor":"\', \'"actor":"not \') WHERE seq = 5': "record 5:",
        "DELETE FROM records WHERE seq = 3": "record 3:",
        "DELETE FROM records WHERE seq > 4": "record 5: the log is truncated",
    }
    for number, (statement, named) in enumerate(changes.items()):
        copy = tmp_path / f"copy{number}.db"
        copy.write_bytes(whole.read_bytes())
        with sqlite3.connect(copy) as connection:
            connection.execute(statement)
        connection.close()
        done = slipway("verify", "--database", f"sqlite:///{copy}")
        assert done.code == 1, statement
        assert named in done.said


def test_a_tampered_export_is_found_without_a_cluster(tmp_path: Path) -> None:
    export(tmp_path)
    out, key = tmp_path / "audit.jsonl", tmp_path / "key.pem"
    assert slipway("key", "--out", key).code == 0
    assert slipway("verify", "--file", out, "--public-key", key).code == 0
    lines = out.read_bytes().splitlines(keepends=True)
    out.write_bytes(b"".join(lines[:-1]))
    done = slipway("verify", "--file", out, "--public-key", key)
    assert (done.code, f"record {len(lines)}: the log is truncated" in done.said) == (1, True)


def _checkpoints(release: Release) -> bool:
    live = next(r for r in release.revisions() if r["metadata"]["name"] == release.selected())
    return "slipway.dev/checkpoint" in live["metadata"].get("annotations", {})
