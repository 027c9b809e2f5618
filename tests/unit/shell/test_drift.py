"""Drift: only what was rendered is judged, and the API server's spellings are understood."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.render.drift import differs


@pytest.mark.parametrize(
    ("rendered", "live", "expected"),
    [
        ({"replicas": 2}, {"replicas": 2, "added": "by the server"}, False),
        ({"memory": "1024Ti"}, {"memory": "1Pi"}, False),
        ({"memory": "2048Pi"}, {"memory": "2Ei"}, False),
        ({"cpu": "1000000n"}, {"cpu": "1m"}, False),
        ({"cpu": "1500u"}, {"cpu": "1500000n"}, False),
        ({"count": "1000P"}, {"count": "1E"}, False),
        ({"count": "1e3"}, {"count": "1k"}, False),
        ({"memory": "1023Ti"}, {"memory": "1Pi"}, True),
        ({"replicas": 2}, {"replicas": 3}, True),
        ({"cpu": "0.5"}, {"cpu": "500m"}, False),
        ({"cpu": 1}, {"cpu": "1"}, False),
        ({"memory": "1Gi"}, {"memory": "1024Mi"}, False),
        ({"memory": "1Gi"}, {"memory": "1G"}, True),
        ({"annotations": {}}, {}, False),
        ({"value": ""}, {}, False),
        ({"env": [{"name": "A"}]}, {"env": [{"name": "A"}, {"name": "B"}]}, True),
        ({"image": "a"}, None, True),
    ],
)
def test_differs(rendered: Any, live: Any, expected: bool) -> None:
    assert differs(rendered, live) is expected
