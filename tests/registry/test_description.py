"""A version that cannot be described: the registry's own words, and whether to ask again or to wait for a human."""

from __future__ import annotations

import pytest

from slipway.registry.mlflow import MlflowRegistry
from slipway.registry.protocol import RegistryError, RegistryRefusal
from tests.registry.author import Author, Entry

NO_METRICS: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("version", "says"),
    [
        ("99", r"RESOURCE_DOES_NOT_EXIST: Model Version \(name=.*, version=99\) not found"),
        ("new", "must be an integer"),
    ],
)
async def test_a_version_that_is_not_there_is_refused(
    version: str, says: str, author: Author, registry: MlflowRegistry
) -> None:
    with pytest.raises(RegistryRefusal, match=says):
        await registry.version(author.name(), version, NO_METRICS)


async def test_a_version_that_was_deleted_is_refused(author: Author, registry: MlflowRegistry) -> None:
    made = author.logged("auc", Entry(0.95))
    author.client.delete_model_version(made.name, made.version)
    with pytest.raises(RegistryRefusal, match="not found"):
        await registry.version(made.name, made.version, NO_METRICS)


async def test_a_version_whose_model_and_run_were_deleted_is_still_described(
    author: Author, registry: MlflowRegistry
) -> None:
    made = author.logged("auc", Entry(0.95))
    author.client.delete_run(author.client.get_model_version(made.name, made.version).run_id)
    author.client.delete_logged_model(made.model_id)
    described = await registry.version(made.name, made.version, NO_METRICS)
    assert (described.version, described.ready, described.model_id) == (made.version, True, made.model_id)


async def test_a_server_that_is_away_is_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(RegistryError) as caught:
        await MlflowRegistry("http://127.0.0.1:9", 30).version("churn", "1", NO_METRICS)
    assert not isinstance(caught.value, RegistryRefusal)


async def test_what_a_proxy_answers_in_mlflows_place_is_no_refusal(url: str) -> None:
    with pytest.raises(RegistryError) as caught:
        await MlflowRegistry(f"{url}/elsewhere", 30).version("churn", "1", NO_METRICS)
    assert not isinstance(caught.value, RegistryRefusal)
