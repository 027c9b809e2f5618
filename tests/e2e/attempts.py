"""Attempts of one release, one after the other: each with gates of its own, each a revision of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.e2e.cluster import Object
from tests.e2e.releases import Release
from tests.e2e.waiting import until

SMOKE: Mapping[str, Any] = {"p95": "2s", "requests": 59, "rate": 100, "warmUp": 5, "onError": {"retries": 1}}
"""A load that takes a second and asks for little: the machine is small."""

ONE_RETRY: Mapping[str, Any] = {"retries": 1, "backoff": "1s"}
PATIENCE_SECONDS = 120.0
ENDED = ("Rejected", "Inconclusive")
"""Phases of an attempt that its gates have ended."""


def start(release: Release, version: str, gates: Object, **spec: Any) -> int:
    """Ask for `version` with `gates`, even after earlier attempts at it; the number of the newest revision before."""
    before = number(release)
    fixed = release.model(candidate={"version": version})
    release.apply(model=fixed, gates={"smoke": SMOKE, **gates}, retry=f"after {before}", **spec)
    return before


def attempt(release: Release, version: str, gates: Object, *phases: str, **spec: Any) -> Object:
    """The revision that `start` led to, once it is in one of `phases`."""
    before = start(release, version, gates, **spec)
    any_end = {*phases, *ENDED}
    ended = until(f"an attempt is {phases}", lambda: since(release, before, *any_end), PATIENCE_SECONDS, release.seen)
    assert ended["status"]["phase"] in phases, f"{ended['status']['phase']}: {ended['status']['message']}"
    return ended


def number(release: Release) -> int:
    """The newest revision's number; 0 where there is none."""
    return max((int(revision["spec"]["number"]) for revision in release.revisions()), default=0)


def since(release: Release, before: int, *phases: str) -> Object | None:
    """The newest revision if it is newer than number `before` and in one of `phases`."""
    newest = next(iter(reversed(release.revisions())), None)
    if newest is None or int(newest["spec"]["number"]) <= before:
        return None
    return newest if newest.get("status", {}).get("phase") in phases else None


def evidence(revision: Object, name: str) -> Object:
    """One gate's result."""
    found: Object = next(result for result in revision["status"]["gates"] if result["name"] == name)
    return found
