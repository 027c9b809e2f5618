"""Two Prometheus servers behind one Service answer by turns: never is more counted than was answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from slipway.api.revision import Watched
from slipway.metrics.matrix import WINDOW_SECONDS, parsed
from slipway.metrics.source import BUCKET, COUNT, REQUESTS, Target
from slipway.plan.production.counting import added
from slipway.plan.situation.observed import Counters

START = datetime(2026, 1, 1, tzinfo=UTC)
SETTLES = 12
"""Seconds after which a new process is known to be one, whatever two clocks differ by."""
Counts = tuple[int, int, int]


@dataclass
class Pod:
    """A pod, with what its present process counts (requests, slow, errors) and what all of them did."""

    name: str
    started: float = 0.0
    restarts: int = 0
    counts: Counts = (0, 0, 0)
    sent: Counts = (0, 0, 0)

    def serve(self, requests: int) -> None:
        new = (requests, requests // 3, requests // 5)
        self.counts, self.sent = _plus(self.counts, new), _plus(self.sent, new)

    def restart(self, at: float) -> None:
        self.started, self.restarts, self.counts = at, self.restarts + 1, (0, 0, 0)


@dataclass
class Scraper:
    """One Prometheus, whose clock is `ahead` of the kubelets' by some seconds."""

    ahead: float
    samples: list[tuple[float, str, Counts]] = field(default_factory=list)

    def scrape(self, pods: list[Pod], at: float) -> None:
        self.samples += [(at + self.ahead, pod.name, pod.counts) for pod in pods]

    def answer(self, at: float) -> dict[str, Any]:
        """The newest minute of raw samples, as Prometheus answers."""
        lines: dict[tuple[str, ...], list[list[Any]]] = {}
        for when, pod, counts in self.samples:
            if when > at + self.ahead - WINDOW_SECONDS:
                for labels, value in _series(*counts):
                    point = [START.timestamp() + when, str(value)]
                    lines.setdefault((pod, *labels), []).append(point)
        result = [{"metric": _labels(*key), "values": values} for key, values in lines.items()]
        return {"status": "success", "data": {"resultType": "matrix", "result": result}}


@dataclass
class Scene:
    """Pods, two scrapers, and an operator that adds up what it is answered."""

    now: float = 0.0
    pods: list[Pod] = field(default_factory=lambda: [Pod("a"), Pod("b")])
    scrapers: list[Scraper] = field(default_factory=lambda: [Scraper(2.0), Scraper(-2.0)])
    seen: Watched = field(default_factory=Watched)

    def scrape(self, which: int) -> None:
        self.scrapers[which].scrape(self.pods, self.now)

    def read(self, which: int) -> None:
        targets = [Target("demo", p.name, "10.0.0.1", _moment(p.started), p.restarts) for p in self.pods]
        found = parsed(self.scrapers[which].answer(self.now), targets, 0.2)
        counters = {pod: read for pod, read in found.items() if isinstance(read, Counters)}
        self.seen = added(self.seen, counters).model_copy(update={"read_at": _moment(self.now)})

    @property
    def counted(self) -> Counts:
        return self.seen.requests, self.seen.slow, self.seen.errors

    @property
    def sent(self) -> Counts:
        return _plus(*(pod.sent for pod in self.pods))


def _plus(one: Counts, other: Counts) -> Counts:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


def _moment(at: float) -> str:
    return (START + timedelta(seconds=at)).isoformat().replace("+00:00", "Z")


def _series(requests: int, slow: int, errors: int) -> Iterator[tuple[tuple[str, str, str, str], int]]:
    for route, share in (("invocations", 1), ("v2", 0)):
        yield (REQUESTS, route, "200", ""), share * (requests - errors)
        yield (REQUESTS, route, "500", ""), share * errors
        yield (REQUESTS, route, "504", ""), 0
        yield (COUNT, route, "", ""), share * requests
        yield (BUCKET, route, "", "0.2"), share * (requests - slow)


def _labels(pod: str, name: str, route: str, code: str, le: str) -> dict[str, str]:
    labels = {"__name__": name, "pod": pod, "route": route, "code": code, "le": le}
    return {key: value for key, value in labels.items() if value}


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["serve", "serve", "scrape", "read", "restart"]),
        st.integers(0, 1),
        st.integers(0, 60),
        st.integers(0, 20),
    ),
    max_size=40,
)


def _begun() -> Scene:
    """Both pods have been read for the first time."""
    scene = Scene()
    scene.scrape(0)
    scene.scrape(1)
    scene.read(0)
    return scene


BY_TURNS = [
    ("serve", 0, 30, 5),
    ("scrape", 0, 0, 1),
    ("serve", 0, 30, 5),
    ("scrape", 1, 0, 1),
    ("read", 1, 0, 1),
    ("read", 0, 0, 1),
    ("read", 1, 0, 1),
]
"""The servers answer by turns, one scrape apart."""
LAST_WORDS = [*BY_TURNS, ("restart", 0, 0, 5), ("read", 0, 0, 1), ("read", 1, 0, 1), ("serve", 0, 9, 1)]
"""A pod is restarted, and what is answered then is still of the process before."""


@given(EVENTS)
@example(BY_TURNS)
@example(LAST_WORDS)
def test_whatever_the_order_of_readings_and_restarts_no_more_is_counted_than_was_answered(
    events: list[tuple[str, int, int, int]],
) -> None:
    scene = _begun()
    for what, which, requests, seconds in events:
        scene.now += seconds
        if what == "serve":
            scene.pods[which].serve(requests)
        elif what == "restart":
            scene.pods[which].restart(scene.now)
        elif what == "scrape":
            scene.scrape(which)
        else:
            scene.read(which)
        assert all(counted <= sent for counted, sent in zip(scene.counted, scene.sent, strict=True))


@given(EVENTS, st.integers(0, 1))
def test_when_the_newest_reading_came_last_all_that_was_answered_is_counted(
    events: list[tuple[str, int, int, int]], last: int
) -> None:
    scene = _begun()
    for what, which, requests, seconds in events:
        scene.now += seconds
        if what == "serve":
            scene.pods[which].serve(requests)
        elif what == "restart":
            _newest(scene, which)
            scene.pods[which].restart(scene.now)
        elif what == "scrape":
            scene.scrape(which)
        else:
            scene.read(which)
    _newest(scene, last)
    assert scene.counted == scene.sent


def _newest(scene: Scene, which: int) -> None:
    """One server scrapes what there is now, and is the one that answers."""
    scene.now += SETTLES
    scene.scrape(which)
    scene.read(which)


def test_a_restarted_pod_that_was_not_scraped_since_is_unread_and_says_so() -> None:
    scene = _begun()
    scene.now += 20
    scene.pods[0].restart(scene.now)
    target = Target("demo", "a", "10.0.0.1", _moment(scene.now), restarts=1)
    found = parsed(scene.scrapers[0].answer(scene.now), [target], 0.2)
    assert found["a"] == (
        "was not scraped by Prometheus since its server was restarted; look at Prometheus' list of targets"
    )
