"""A request's answer never depends on what else is asked at the moment, nor on how the model is served."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from slipway_server.model import bundle as bundles
from tests.server import agreement
from tests.server.agreement import Ask, Told
from tests.server.client import Client
from tests.server.conftest import SETTINGS, served_as
from tests.server.hard_models import HARD
from tests.server.models import MODELS

FEW = 120
MANY = 10_000
EXACT = {"forest", "scaled_forest", "boosted", "holed_forest", "swapped_flags", "xgb_classifier"}
"""Trees add their leaves in the same order for each row, so that their answers are equal to the byte."""


def _asked(client: Client, asks: list[Ask]) -> tuple[list[Told], list[Told]]:
    async def both() -> tuple[list[Told], list[Told]]:
        return await agreement.alone(client.port, asks), await agreement.together(client.port, asks)

    return asyncio.run(both())


def _agree(directory: Path, tmp_path: Path, model: str, count: int) -> None:
    """Natively alone is what the others are held to: natively beside others, compiled alone and beside others."""
    bundle = bundles.read(directory)
    asks = agreement.requests(model, bundle, count)
    with served_as(directory, tmp_path / "native", "native") as client:
        expected, beside = _asked(client, asks)
    counted = {status: sum(told.status == status for told in expected) for status in (200, 400)}
    assert sum(counted.values()) == count, [told for told in expected if told.status not in counted][:3]
    assert counted[200] > count // 4
    exact = 0.0 if model in EXACT else SETTINGS.tolerance
    assert agreement.differing(expected, beside, exact) == []
    if bundle.kind == "onnx":
        with served_as(directory, tmp_path / "compiled", "onnx") as client:
            here, among = _asked(client, asks)
        assert agreement.differing(here, among, exact) == []
        assert agreement.differing(expected, here, SETTINGS.tolerance) == []


@pytest.mark.parametrize("model", sorted(MODELS | HARD))
def test_answers_are_the_same_alone_and_beside_others(
    fetched: Callable[[str], Path], tmp_path: Path, model: str
) -> None:
    _agree(fetched(model), tmp_path, model, FEW)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("model", sorted(MODELS | HARD))
def test_ten_thousand_answers_are(fetched: Callable[[str], Path], tmp_path: Path, model: str) -> None:
    _agree(fetched(model), tmp_path, model, MANY)


def test_a_difference_is_seen() -> None:
    one = Told(200, b'{"predictions":[0.5,null]}')
    for body in (b'{"predictions":[0.6,null]}', b'{"predictions":[0.5,0.5]}', b'{"predictions":["0.5",null]}'):
        assert agreement.differing([one], [Told(200, body)], 1e-6)
    assert agreement.differing([one], [Told(400, b"{}")], 1e-6)
    assert agreement.differing([Told(200, b'{"predictions":[1]}')], [Told(200, b'{"predictions":[1.0]}')], 1e-6)
    near = Told(200, b'{"predictions":[0.5000000001,null]}')
    assert agreement.differing([one], [near], 0.0)
    assert not agreement.differing(
        [Told(200, b'{"predictions":[0.5]}')], [Told(200, b'{"predictions":[0.5000000001]}')], 1e-6
    )
