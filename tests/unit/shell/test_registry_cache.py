"""The cache of registries: an outage is a problem with a name, never an empty listing."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry

from slipway.metrics.instruments import Instruments
from slipway.plan.situation.needs import Described
from slipway.plan.situation.observed import Undescribed
from slipway.registry.cache import VERSION_TTL_SECONDS, RegistryCache
from slipway.registry.protocol import Promotion, RegistryError
from tests.unit.release.fakes import FakeRegistry
from tests.unit.release.world import version

MODEL = "cancer"


@pytest.fixture
def registry() -> FakeRegistry:
    return FakeRegistry({MODEL: {"staging": "1"}}, {"1": version("1")})


@pytest.fixture
def cache(registry: FakeRegistry) -> RegistryCache:
    return RegistryCache({"default": (registry, 1.0)}, Instruments(CollectorRegistry()))


async def poll(cache: RegistryCache) -> frozenset[str] | None:
    return await cache.refresh("default")


async def test_before_the_first_answer_nothing_is_known(cache: RegistryCache) -> None:
    view = cache.view("default", MODEL)
    assert view.problem == "the registry has not been queried yet"
    assert view.model_exists is None


async def test_a_poll_tells_which_models_moved(cache: RegistryCache, registry: FakeRegistry) -> None:
    assert await poll(cache) is None, "reachable at last: everything may have changed"
    assert await poll(cache) == frozenset()
    registry.models[MODEL]["staging"] = "2"
    assert await poll(cache) == {MODEL}


async def test_in_an_outage_the_last_answer_stands_beside_the_problem(
    cache: RegistryCache, registry: FakeRegistry
) -> None:
    await poll(cache)
    registry.down = True
    assert await poll(cache) is None
    view = cache.view("default", MODEL)
    assert view.problem
    assert "connection refused" in view.problem
    assert view.aliases == {"staging": "1"}


def wanted(version: str, *metrics: str) -> Described:
    return Described(frozenset({version}), frozenset(metrics))


async def test_a_version_is_described_once_within_its_time(cache: RegistryCache, registry: FakeRegistry) -> None:
    first = await cache.versions("default", MODEL, wanted("1", "auc"), now=0.0)
    registry.described["1"] = version("1", auc=0.5)
    assert await cache.versions("default", MODEL, wanted("1", "auc"), now=1.0) == first
    later = await cache.versions("default", MODEL, wanted("1", "auc"), now=VERSION_TTL_SECONDS + 1)
    assert later == {"1": version("1", auc=0.5)}


async def test_figures_that_nobody_asked_for_are_asked_for_when_somebody_does(
    cache: RegistryCache, registry: FakeRegistry
) -> None:
    await cache.versions("default", MODEL, wanted("1"), now=0.0)
    registry.described["1"] = version("1", auc=0.5)
    assert await cache.versions("default", MODEL, wanted("1", "auc"), now=1.0) == {"1": version("1", auc=0.5)}


async def test_a_version_that_is_refused_is_told_from_one_that_is_out_of_reach(
    cache: RegistryCache, registry: FakeRegistry
) -> None:
    refused = await cache.versions("default", MODEL, wanted("9"), now=0.0)
    assert refused == {"9": Undescribed("RESOURCE_DOES_NOT_EXIST: no version 9", final=True)}
    registry.down = True
    assert await cache.versions("default", MODEL, wanted("9"), now=0.0) == {
        "9": Undescribed("connection refused", final=False)
    }


async def test_an_announcement_is_seen_at_once_and_a_refused_one_raises(
    cache: RegistryCache, registry: FakeRegistry
) -> None:
    promotion = Promotion(MODEL, "1", "production", sync_stages=False)
    await cache.announce("default", promotion)
    assert cache.view("default", MODEL).aliases["production"] == "1"
    registry.down = True
    with pytest.raises(RegistryError):
        await cache.announce("default", promotion)
