"""What a promotion takes beyond what it waits for: its pods to start and its smoke load to end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

from tests.e2e.cluster import Cluster, Object, events
from tests.e2e.releases import GATE, REVISION
from tests.e2e.waiting import until
from urllib3.exceptions import HTTPError

from benchmarks.delivery.stage import NAME, NAMESPACE, Stage

KINDS = ("Pod", "Job", "Service")
_LONGEST_SECONDS = 300


@dataclass
class Timeline:
    """When things were seen to happen, in seconds since the epoch."""

    service: str
    pods: list[tuple[float, bool, str, str]] = field(default_factory=list)
    """When, ready, name and revision of a serving pod."""
    jobs: list[tuple[float, bool, str]] = field(default_factory=list)
    """When, done, and revision of a gate's Job."""
    flips: list[tuple[float, str]] = field(default_factory=list)

    def note(self, at: float, kind: str, found: Object) -> None:
        """One event of a watch."""
        meta, labels = found["metadata"], found["metadata"].get("labels", {})
        if kind == "Pod" and GATE not in labels and REVISION in labels:
            conditions = found.get("status", {}).get("conditions", [])
            ready = any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
            self.pods.append((at, ready, str(meta["name"]), labels[REVISION]))
        if kind == "Job":
            done = any(c["type"] == "Complete" for c in found.get("status", {}).get("conditions", []))
            self.jobs.append((at, done, labels.get(REVISION, "")))
        if kind == "Service" and meta["name"] == self.service:
            self.flips.append((at, found["spec"]["selector"].get(REVISION, "")))

    def starting(self, revision: str) -> tuple[float, float]:
        """From the first pod's creation until the last pod's readiness."""
        mine = [pod for pod in self.pods if pod[3] == revision]
        first_ready: dict[str, float] = {}
        for at, ready, name, _ in mine:
            if ready:
                first_ready.setdefault(name, at)
        return min(pod[0] for pod in mine), max(first_ready.values())

    def loading(self, revision: str) -> tuple[float, float]:
        """From the smoke Job's creation until it was done."""
        mine = [job for job in self.jobs if job[2] == revision]
        return min(at for at, _, _ in mine), min(at for at, done, _ in mine if done)

    def flipped(self, revision: str) -> float:
        """When production was seen to select `revision`."""
        return min(at for at, selected in self.flips if selected == revision)


@dataclass(frozen=True)
class Promotion:
    """One promotion, in seconds."""

    whole: float
    """From the return of `kubectl patch` to the flip."""
    pods: float
    smoke: float

    @property
    def overhead(self) -> float:
        """What is neither."""
        return self.whole - self.pods - self.smoke


def promotion(ready: Stage, version: str, number: int) -> Promotion:
    """Promote `version`, which does not serve, and take the time."""
    with _watched(ready.cluster) as seen:
        ask(ready, version, f"promotion {number}")
        asked = time.time()
        revision = live(ready, version)
    start, load = seen.starting(revision), seen.loading(revision)
    return Promotion(seen.flipped(revision) - asked, start[1] - start[0], load[1] - load[0])


def ask(ready: Stage, version: str, retry: str) -> None:
    """Ask for `version`, whatever happened to it before."""
    model = f'{{"candidate": {{"version": "{version}"}}}}'
    ready.release.patch(f'{{"spec": {{"rollback": null, "retry": "{retry}", "model": {model}}}}}')


def live(ready: Stage, version: str) -> str:
    """The newest revision of `version`, once its watch is over."""

    def look() -> str | None:
        status = ready.release.status()
        newest = ready.release.revisions()[-1]
        serves = newest["spec"]["model"]["version"] == version and newest.get("status", {}).get("phase") == "Live"
        done = serves and status.get("productionAliasVersion") == version
        return str(newest["metadata"]["name"]) if done else None

    return until(f"version {version} is live", look, 120, ready.release.seen)


@contextmanager
def _watched(cluster: Cluster) -> Iterator[Timeline]:
    timeline, threads = Timeline(NAME), []
    for kind in KINDS:
        thread = Thread(target=_follow, args=(cluster, timeline, kind), daemon=True)
        threads.append(thread)
        thread.start()
    time.sleep(1.0)  # the watches begin
    yield timeline


def _follow(cluster: Cluster, timeline: Timeline, kind: str) -> Any:
    with suppress(HTTPError), cluster.stream(kind, NAMESPACE, _LONGEST_SECONDS) as stream:
        for at, _, found in events(stream):
            timeline.note(at, kind, found)
