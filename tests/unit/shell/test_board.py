"""The board of registries: an outage is a problem with a name, never an empty listing."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry

from slipway.metrics.instruments import Instruments
from slipway.plan.situation.needs import Described
from slipway.plan.situation.observed import Undescribed
from slipway.registry.cache import VERSION_TTL_SECONDS, Board
from slipway.registry.protocol import Promotion, RegistryError
from tests.unit.release.fakes import FakeRegistry
from tests.unit.release.world import version

MODEL = "cancer"


@pytest.fixture
def registry() -> FakeRegistry:
    return FakeRegistry({MODEL: {"staging": "1"}}, {"1": version("1")})


@pytest.fixture
def board(registry: FakeRegistry) -> Board:
    return Board({"default": (registry, 1.0)}, Instruments(CollectorRegistry()))


async def poll(board: Board) -> frozenset[str] | None:
    return await board._poll("default", board._entries["default"])


async def test_before_the_first_answer_nothing_is_known(board: Board) -> None:
    view = board.view("default", MODEL)
    assert view.problem == "the registry has not been queried yet"
    assert view.model_exists is None


async def test_a_poll_tells_which_models_moved(board: Board, registry: FakeRegistry) -> None:
    assert await poll(board) is None, "reachable at last: everything may have changed"
    assert await poll(board) == frozenset()
    registry.models[MODEL]["staging"] = "2"
    assert await poll(board) == {MODEL}


async def test_in_an_outage_the_last_answer_stands_beside_the_problem(board: Board, registry: FakeRegistry) -> None:
    await poll(board)
    registry.down = True
    assert await poll(board) is None
    view = board.view("default", MODEL)
    assert view.problem
    assert "connection refused" in view.problem
    assert view.aliases == {"staging": "1"}


def wanted(version: str, *metrics: str) -> Described:
    return Described(frozenset({version}), frozenset(metrics))


async def test_a_version_is_described_once_within_its_time(board: Board, registry: FakeRegistry) -> None:
    first = await board.versions("default", MODEL, wanted("1", "auc"), now=0.0)
    registry.described["1"] = version("1", auc=0.5)
    assert await board.versions("default", MODEL, wanted("1", "auc"), now=1.0) == first
    later = await board.versions("default", MODEL, wanted("1", "auc"), now=VERSION_TTL_SECONDS + 1)
    assert later == {"1": version("1", auc=0.5)}


async def test_figures_that_nobody_asked_for_are_asked_for_when_somebody_does(
    board: Board, registry: FakeRegistry
) -> None:
    await board.versions("default", MODEL, wanted("1"), now=0.0)
    registry.described["1"] = version("1", auc=0.5)
    assert await board.versions("default", MODEL, wanted("1", "auc"), now=1.0) == {"1": version("1", auc=0.5)}


async def test_a_version_that_is_refused_is_told_from_one_that_is_out_of_reach(
    board: Board, registry: FakeRegistry
) -> None:
    refused = await board.versions("default", MODEL, wanted("9"), now=0.0)
    assert refused == {"9": Undescribed("RESOURCE_DOES_NOT_EXIST: no version 9", final=True)}
    registry.down = True
    assert await board.versions("default", MODEL, wanted("9"), now=0.0) == {
        "9": Undescribed("connection refused", final=False)
    }


async def test_an_announcement_is_seen_at_once_and_a_refused_one_raises(board: Board, registry: FakeRegistry) -> None:
    promotion = Promotion(MODEL, "1", "production", sync_stages=False)
    await board.announce("default", promotion)
    assert board.view("default", MODEL).aliases["production"] == "1"
    registry.down = True
    with pytest.raises(RegistryError):
        await board.announce("default", promotion)
