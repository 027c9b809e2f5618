"""What a release shows to Prometheus: objects for its operator, gauges, counters, and nothing after its end."""

from __future__ import annotations

import pytest

from slipway.context.context import Discovered
from tests.unit.release.fakes import failing
from tests.unit.release.world import NAME, NAMESPACE, World

KINDS = ("ServiceMonitor", "PrometheusRule")


def monitored() -> World:
    """A world whose cluster knows the Prometheus Operator's kinds."""
    world = World()
    world.context.discovered.monitoring = True
    return world


def value(world: World, name: str, **labels: str) -> float | None:
    """A sample of the operator's own metrics, about the release."""
    where = {"namespace": NAMESPACE, "release": NAME}
    return world.context.instruments.registry.get_sample_value(name, {**where, **labels})


async def test_a_release_that_serves_is_scraped_and_judged() -> None:
    world = monitored()
    world.alias("1")
    await world.settle()
    assert [world.names(kind) for kind in KINDS] == [[f"{NAME}-slipway"], [f"{NAME}-slipway"]]


async def test_without_the_prometheus_operator_nothing_is_made_for_it() -> None:
    world = World()
    world.alias("1")
    await world.settle()
    assert [world.names(kind) for kind in KINDS] == [[], []]


async def test_the_rules_follow_the_objectives_and_are_written_once() -> None:
    world = monitored()
    world.alias("1")
    await world.settle()

    def thresholds() -> set[str]:
        rule = world.cluster.objects[("PrometheusRule", NAMESPACE, f"{NAME}-slipway")]
        rules = rule["spec"]["groups"][0]["rules"]
        return {part.split('"')[1] for rule in rules for part in rule["expr"].split("le=")[1:]}

    assert thresholds() == {"0.2"}
    before = len(world.cluster.writes)
    await world.settle()
    assert len(world.cluster.writes) == before
    world.edit(slo={"latency": {"p95": "1s"}})
    await world.settle()
    assert thresholds() == {"1.0"}
    assert [kind for _, kind, _ in world.cluster.writes[before:]].count("PrometheusRule") == 1


async def test_they_go_with_the_release_or_stay_with_what_it_leaves() -> None:
    world = monitored()
    world.alias("1")
    await world.settle()
    world.edit(deletionPolicy="Orphan")
    await world.settle()
    for kind in KINDS:
        assert not world.cluster.objects[(kind, NAMESPACE, f"{NAME}-slipway")]["metadata"].get("ownerReferences")


async def test_each_revision_has_one_track() -> None:
    world = World()
    world.alias("1")
    await world.settle()
    world.alias("2")
    await world.until("Gating")
    tracks = {("cancer-r1", "1"): "live", ("cancer-r2", "2"): "staging"}
    for (revision, version), track in tracks.items():
        labels = {"revision": revision, "model_version": version, "track": track}
        assert value(world, "slipway_revision_track", **labels) == 1.0
    await world.settle(hours=0.05)
    labels = {"revision": "cancer-r1", "model_version": "1", "track": "previous"}
    assert value(world, "slipway_revision_track", **labels) == 1.0
    assert value(world, "slipway_release_keep_warm") == 1.0
    assert value(world, "slipway_release_condition", condition="RollbackReady") == 1.0


async def test_a_window_that_closed_asks_for_no_warm_way_back() -> None:
    world = World()
    world.alias("1")
    await world.settle()
    world.alias("2")
    await world.settle(hours=2)
    assert value(world, "slipway_release_condition", condition="RollbackReady") == 0.0
    assert value(world, "slipway_release_keep_warm") == 0.0


async def test_a_rollback_is_counted_timed_and_dated() -> None:
    world = World()
    for version in ("1", "2"):
        world.alias(version)
        await world.settle(hours=0.05)
    assert value(world, "slipway_rollbacks_total", trigger="User") == 0.0
    world.edit(rollback={"to": "previous"})
    await world.settle(hours=0.05)
    assert value(world, "slipway_rollbacks_total", trigger="User") == 1.0
    labels = {"trigger": "User", "from_revision": "cancer-r2", "to_revision": "cancer-r1"}
    at = value(world, "slipway_release_last_rollback_timestamp_seconds", **labels)
    assert at == pytest.approx(world.now.timestamp(), abs=300)
    registry = world.context.instruments.registry
    assert registry.get_sample_value("slipway_rollback_duration_seconds_count", {"trigger": "User"}) == 1.0


async def test_every_verdict_is_counted_once() -> None:
    world = World()
    world.alias("1")
    await world.settle()
    world.cluster.verdict = failing
    world.alias("2")
    await world.settle()
    assert value(world, "slipway_gate_verdicts_total", gate="smoke", verdict="Pass") == 1.0
    assert value(world, "slipway_gate_verdicts_total", gate="smoke", verdict="Fail") == 1.0


async def test_an_alias_that_was_moved_by_hand_shows() -> None:
    world = World()
    world.alias("1")
    await world.settle()
    assert value(world, "slipway_release_alias_drift") == 0.0
    world.registry.models["cancer_classifier"]["production"] = "3"
    await world.step()
    assert value(world, "slipway_release_alias_drift") == 1.0


async def test_nothing_is_left_of_a_deleted_release() -> None:
    world = World()
    world.alias("1")
    await world.settle()
    del world.cluster.objects[("ModelRelease", NAMESPACE, NAME)]
    await world.step()
    left = [
        s for f in world.context.instruments.registry.collect() for s in f.samples if s.labels.get("release") == NAME
    ]
    assert left == []


async def test_kinds_that_the_cluster_forgets_are_forgotten() -> None:
    from slipway.cluster.port import NotFound

    world = monitored()
    listing = world.cluster.list

    async def without(kind: str, *rest: object) -> object:
        if kind in KINDS:
            raise NotFound(404, "the server could not find the requested resource")
        return await listing(kind, *rest)  # type: ignore[arg-type]

    world.cluster.list = without  # type: ignore[method-assign,assignment]
    world.alias("1")
    await world.settle()
    assert world.context.discovered == Discovered(monitoring=False)
    assert world.serving == "cancer-r1"
