"""A few of the requests that `python -m tests.server.fuzz` sends: enough for every fast run."""

from __future__ import annotations

import pytest

from tests.server.conftest import Serve
from tests.server.fuzz.check import asked


@pytest.mark.parametrize("name", ["forest", "mixed", "boosted", "ridge"])
def test_whatever_is_sent_is_answered_counted_and_no_5xx(serve: Serve, name: str) -> None:
    with serve(name) as client:
        codes, wrong = asked(client, [f"fast/{name}/{number}" for number in range(500)])
    assert not wrong, "\n".join(wrong)
    assert codes[200] > 50, "most of the rest is almost valid"
    assert codes[400] > 50


def test_the_fuzz_sees_a_5xx_and_a_wrong_count(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve("forest") as client:
        assert client.service.model is not None
        monkeypatch.setattr(client.service.model.reader, "accept", lambda _: 1 // 0)
        _, wrong = asked(client, [f"fast/broken/{number}" for number in range(100)])
        assert any("500" in each for each in wrong)
        monkeypatch.undo()
        monkeypatch.setattr(client.service.metrics, "answered", lambda *_, **__: None)
        _, wrong = asked(client, [f"fast/uncounted/{number}" for number in range(20)])
        assert any("counted were" in each for each in wrong)
