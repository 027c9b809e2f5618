"""Which releases the operator's process looks at, and when."""

from __future__ import annotations

import asyncio

import pytest

from slipway.__main__ import run_parts
from slipway.process import handlers
from slipway.process.app import Operator
from tests.unit.release.world import MODEL, NAME, NAMESPACE, World

KEY = (NAMESPACE, NAME)


def test_an_alias_that_moves_right_after_its_release_was_made_is_not_missed() -> None:
    operator = Operator(World().context)
    operator.release_seen(KEY, {"name": MODEL, "registry": "default"})
    operator.queue._due.clear()
    operator.registry_changed("default", frozenset({MODEL}))
    assert list(operator.queue._due) == [KEY], "no listing has shown the release yet"


def test_other_models_and_releases_that_are_gone_are_left_alone() -> None:
    operator = Operator(World().context)
    operator.release_seen(KEY, {"name": MODEL, "registry": "default"})
    operator.queue._due.clear()
    operator.registry_changed("default", frozenset({"another"}))
    operator.registry_changed("elsewhere", None)
    assert not operator.queue._due
    operator.release_seen(KEY, None)
    operator.queue._due.clear()
    operator.registry_changed("default", None)
    assert not operator.queue._due


async def test_a_listing_forgets_what_was_deleted_unseen_and_keeps_what_is_new() -> None:
    world = World()
    operator = Operator(world.context)
    operator.release_seen(("demo", "gone"), {"name": MODEL, "registry": "default"})
    listing = operator._list

    async def list_while_one_is_made() -> dict[tuple[str, str], tuple[str, str, str]]:
        found = await listing()
        operator.release_seen(("demo", "new"), {"name": MODEL, "registry": "default"})
        return found

    operator._list = list_while_one_is_made  # type: ignore[method-assign]
    await operator.relist(everything=False)
    assert set(operator.models) == {KEY, ("demo", "new")}


async def test_the_process_ends_clean_although_kopf_cancels_all_other_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    test = asyncio.current_task()

    async def kopf_ends(*_: object) -> None:
        await asyncio.sleep(0.05)
        for task in asyncio.all_tasks() - {test, asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0.05)

    monkeypatch.setattr(handlers, "run", kopf_ends)
    await run_parts(Operator(World().context), asyncio.Event())


async def test_a_part_that_fails_fails_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    async def kopf_fails(*_: object) -> None:
        raise OSError("no watch")

    monkeypatch.setattr(handlers, "run", kopf_fails)
    with pytest.raises(OSError, match="no watch"):
        await run_parts(Operator(World().context), asyncio.Event())
