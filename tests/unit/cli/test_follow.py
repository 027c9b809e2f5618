"""Following a release: which revision is the answer to a wish, when it is over, and what that means."""

from __future__ import annotations

import asyncio

import pytest

from slipway.api.release_status import Rejected
from slipway.api.revision import ModelRevision
from slipway.cli.release import follow
from slipway.cli.release.deploy import candidate_alias
from slipway.cli.release.follow import Progress, Wish
from slipway.cli.release.narrate import conclude
from slipway.cli.release.wait import wanted_version
from slipway.cli.session import NOT_PROMOTED, Failure, ReleaseKey
from tests.unit.cli.conftest import KEY, serve
from tests.unit.release.fakes import failing
from tests.unit.release.world import NAMESPACE, World


class Audience:
    """Lets the operator take a step whenever somebody looks, and remembers the phases that were told."""

    def __init__(self, world: World, turn: bool = True) -> None:
        self.world, self.turn, self.phases = world, turn, list[str]()

    def __call__(self, _: Progress, revision: ModelRevision | None) -> None:
        phase = revision.status.phase.value if revision else "none"
        if phase not in self.phases:
            self.phases.append(phase)


async def to_the_end(world: World, wish: Wish, told: Audience, limit: float = 1e9) -> ModelRevision | Rejected:
    """Follow `wish` while the operator works."""

    async def operate() -> None:
        while True:
            world.now = world.now.fromtimestamp(world.now.timestamp() + (await world.step() or 0.01), world.now.tzinfo)
            await asyncio.sleep(0)

    operator = asyncio.create_task(operate())
    try:
        return await follow.follow(world.cluster, wish, limit, told)
    finally:
        operator.cancel()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "POLL_SECONDS", 0.0)


async def test_a_good_version_is_followed_until_it_is_live(world: World) -> None:
    world.alias("1")
    told = Audience(world)
    end = await to_the_end(world, Wish(KEY, "1"), told)
    assert isinstance(end, ModelRevision)
    assert (end.name, end.status.phase.value) == ("cancer-r1", "Live")
    assert told.phases[0] == "none"
    assert told.phases[-2:] == ["Watching", "Live"]
    assert conclude(Wish(KEY, "1"), end) == 0


async def test_a_bad_version_ends_with_the_gate_that_stopped_it(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    await serve(world, "1")
    world.cluster.verdict = failing
    world.alias("2")
    end = await to_the_end(world, Wish(KEY, "2", after=1), Audience(world))
    assert conclude(Wish(KEY, "2"), end) == NOT_PROMOTED
    said = capsys.readouterr().out
    assert "cancer-r2 is Rejected" in said
    assert "smoke" in said
    assert "too slow" in said


async def test_a_version_that_stands_rejected_is_said_at_once(world: World) -> None:
    await serve(world, "1")
    world.cluster.verdict = failing
    world.alias("2")
    await world.settle(hours=0.05)
    wish = Wish(KEY, "2", after=2)
    end = await follow.follow(world.cluster, wish, 1e9, Audience(world))
    assert isinstance(end, Rejected)
    assert end.revision == "cancer-r2"
    assert conclude(wish, end) == NOT_PROMOTED


async def test_asking_again_waits_for_the_new_attempt(world: World) -> None:
    await serve(world, "1")
    world.cluster.verdict = failing
    world.alias("2")
    await world.settle(hours=0.05)
    world.cluster.verdict = lambda gate: failing(gate).replace("Fail", "Pass")
    world.edit(retry="again")
    end = await to_the_end(world, Wish(KEY, "2", after=2), Audience(world))
    assert isinstance(end, ModelRevision)
    assert (end.name, end.status.phase.value) == ("cancer-r3", "Live")


async def test_what_serves_already_is_the_answer(world: World) -> None:
    await serve(world, "1")
    end = await follow.follow(world.cluster, Wish(KEY, "1", after=1), 1e9, Audience(world))
    assert isinstance(end, ModelRevision)
    assert end.name == "cancer-r1"


async def test_giving_up_says_where_it_stands(world: World) -> None:
    await world.settle(hours=0.05)
    with pytest.raises(Failure, match="no revision for version 1 was started: alias staging points at no version"):
        await follow.follow(world.cluster, Wish(KEY, "1"), 0.0, Audience(world))


async def test_a_stalled_release_is_not_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "STALLED_SECONDS", -1.0)
    world.registry.models.clear()
    await world.settle(hours=0.05)
    with pytest.raises(Failure, match=r"stalled until someone acts.*no registered model"):
        await follow.follow(world.cluster, Wish(KEY, "1"), 1e9, Audience(world))


async def test_an_unknown_release_names_those_that_exist(world: World) -> None:
    with pytest.raises(Failure, match="has no ModelRelease typo; there are: cancer"):
        await follow.look(world.cluster, ReleaseKey(NAMESPACE, "typo"))


async def test_nothing_is_staged_while_the_release_is_held(world: World) -> None:
    await serve(world, "1")
    assert candidate_alias(await follow.look(world.cluster, KEY)) == "staging"
    world.edit(paused=True)
    await world.settle(hours=0.05)
    with pytest.raises(Failure, match=r"is held.*spec\.paused"):
        candidate_alias(await follow.look(world.cluster, KEY))


async def test_waiting_needs_something_to_wait_for(world: World) -> None:
    await world.settle(hours=0.05)
    with pytest.raises(Failure, match="requests no version yet"):
        wanted_version(await follow.look(world.cluster, KEY))
    world.alias("1")
    await world.settle(hours=0.05)
    assert wanted_version(await follow.look(world.cluster, KEY)) == "1"


async def test_patience_covers_the_releases_own_deadlines(world: World) -> None:
    release = (await follow.look(world.cluster, KEY)).release
    assert follow.patience(release) >= 5 * 60 + 5 * 60 + 30
