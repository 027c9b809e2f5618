"""Whatever happens, revisions move only along the declared edges, and the invariants hold at every step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slipway.api.revision import Phase
from slipway.plan.situation.phases import EDGES
from tests.unit.release.fakes import Crash, failing, passing
from tests.unit.release.world import MODEL, NAME, World

ANY = st.one_of(
    st.tuples(st.just("alias"), st.sampled_from(["1", "2", "3", None])),
    st.tuples(st.just("verdict"), st.sampled_from([passing, failing])),
    st.tuples(st.just("registry"), st.booleans()),
    st.tuples(st.just("rollback"), st.sampled_from([None, {"to": "previous"}, {"version": "1"}])),
    st.tuples(st.just("paused"), st.booleans()),
    st.tuples(st.just("retry"), st.sampled_from([None, "a", "b"])),
    st.tuples(st.just("unready"), st.sampled_from([1, 2, 3])),
    st.tuples(st.just("ready"), st.none()),
    st.tuples(st.just("crash"), st.sampled_from(["before", "after"])),
    st.tuples(st.just("steps"), st.integers(1, 12)),
    st.tuples(st.just("hours"), st.sampled_from([0.01, 0.1, 1.0])),
)
ROUTED = st.one_of(
    ANY,
    st.tuples(st.just("slow"), st.sampled_from([1, 2, 3])),
    st.tuples(st.just("gateway"), st.booleans()),
    st.tuples(st.just("route deleted"), st.none()),
    st.tuples(st.just("source"), st.booleans()),
)
GATEWAY = {"router": "Gateway", "gateway": {"parentRefs": [{"name": "public"}]}}
STEPS = [{"weight": 10, "minRequests": 50, "timeout": "2m"}, {"weight": 50, "minRequests": 50, "timeout": "2m"}]


def happen(world: World, kind: str, value: Any) -> None:
    """Something that people, machines or fate do."""
    cluster = world.cluster
    happenings: dict[str, Callable[[], object]] = {
        "alias": lambda: world.alias(value),
        "verdict": lambda: setattr(cluster, "verdict", value),
        "registry": lambda: setattr(world.registry, "down", value),
        "rollback": lambda: world.edit(rollback=value),
        "paused": lambda: world.edit(paused=value),
        "retry": lambda: world.edit(retry=value),
        "unready": lambda: cluster.unready.add(f"{NAME}-r{value}"),
        "ready": cluster.unready.clear,
        "slow": lambda: world.callers.slow.update({f"{NAME}-r{value}": 0.5}),
        "gateway": lambda: setattr(cluster, "gateway_up", value),
        "route deleted": lambda: cluster.objects.pop(("HTTPRoute", "demo", NAME), None),
        "source": lambda: setattr(world.counters, "down", value),
        "crash": lambda: setattr(cluster, f"crash_{value}", len(cluster.writes) + 2),
    }
    happenings.get(kind, lambda: None)()


class Witness:
    """Looks after every pass."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.phases: dict[str, Phase] = {}
        self.flips: dict[str, int] = {}
        self.serving: str | None = None

    def look(self) -> None:
        """Check every invariant that can be seen from outside."""
        for name in self.world.names("ModelRevision"):
            status = self.world.revision(int(name.rsplit("r", 1)[1]))
            phase, before = Phase(status.get("phase", "Pending")), self.phases.get(name, Phase.PENDING)
            assert phase is before or phase in EDGES[before], f"{name}: {before} → {phase}"
            self.phases[name] = phase
        self.shares()
        serving = self.world.serving
        assert not (self.serving and serving is None), "production never stops pointing at something"
        if serving != self.serving and serving is not None:
            self.moved(serving)
        self.serving = serving

    def shares(self) -> None:
        """What the route gives: to two revisions at most, and never to one that is not proven."""
        if ("HTTPRoute", "demo", NAME) not in self.world.cluster.objects:
            return
        weights = self.world.weights
        assert sum(weights.values()) == 100
        assert len(weights) <= 2
        for name in weights:
            gates = self.world.revision(int(name.rsplit("r", 1)[1]))["gates"]
            asked = [gate for gate in gates if gate["name"] != "canary"]
            assert {gate["verdict"] for gate in asked} == {"Pass"}, "no weight without gates"

    def moved(self, to: str) -> None:
        """Production moved: to proven pods that are ready."""
        gates = self.world.revision(int(to.rsplit("r", 1)[1]))["gates"]
        assert {g["verdict"] for g in gates} == {"Pass"}, "only what passed its gates is ever served"
        deployment = self.world.cluster.objects[("Deployment", "demo", to)]
        assert deployment["status"]["readyReplicas"] >= 1, "no selector ever points at nothing"
        self.flips[to] = self.flips.get(to, 0) + 1


async def one_pass(world: World) -> float:
    """A pass that may be the process's last."""
    try:
        return await world.step() or 0.01
    except Crash:
        world.restart()
        return 0.01


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(happenings=st.lists(ANY, max_size=14))
@pytest.mark.timeout(300)
async def test_any_history_keeps_the_invariants_and_comes_to_rest(happenings: list[tuple[str, Any]]) -> None:
    await live_through(World(), happenings)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(happenings=st.lists(ROUTED, max_size=14))
@pytest.mark.timeout(300)
async def test_any_history_behind_a_gateway_keeps_them_too(happenings: list[tuple[str, Any]]) -> None:
    world = World()
    world.callers.rate = 50.0
    world.edit(traffic=GATEWAY, rollout={"watch": "30s", "keepWarm": "10m", "progressDeadline": "5m", "steps": STEPS})
    await live_through(world, [*happenings, ("paused", False)])
    if world.status.get("live") and world.condition("Stalled")["status"] == "False":
        assert world.weights == {world.status["live"]["revision"]: 100}, "at rest nobody else has a share"
        assert world.serving == world.status["live"]["revision"], "and the Service follows"


async def live_through(world: World, happenings: list[tuple[str, Any]]) -> None:
    """Let things happen, looking on; then let the world come to rest."""
    witness = Witness(world)
    world.alias("1")
    for kind, value in happenings:
        happen(world, kind, value)
        for _ in range(value if kind == "steps" else 2):
            await one_pass(world)
            witness.look()
        if kind == "hours":
            await rest(world, value, witness)
    world.registry.down = False
    world.cluster.unready.clear()
    world.cluster.gateway_up, world.counters.down, world.callers.slow = True, False, {}
    world.cluster.crash_before = world.cluster.crash_after = None
    await world.settle(look=witness.look)
    writes = len(world.cluster.writes)
    for _ in range(3):
        await world.step()
    assert len(world.cluster.writes) == writes, "everything settles and then no further write happens"
    live = world.status.get("live")
    if live and not world.status.get("message", "").startswith("alias production"):
        assert world.registry.models[MODEL].get("production") == live["version"]


async def rest(world: World, hours: float, witness: Witness) -> None:
    """Let time pass, looking on."""
    for _ in range(60):
        world.now = world.now.fromtimestamp(world.now.timestamp() + hours * 60, world.now.tzinfo)
        await one_pass(world)
        witness.look()


def test_every_phase_has_its_edges_and_ended_attempts_stay_ended() -> None:
    assert set(EDGES) == set(Phase)
    for phase in (Phase.REJECTED, Phase.INCONCLUSIVE, Phase.SUPERSEDED, Phase.ABORTED):
        assert not EDGES[phase]
