"""The people who call production, in memory: so many requests a second, shared out as the route says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from slipway.words import names
from tests.unit.release.fakes import FakeCluster, FakeCounters


@dataclass
class Callers:
    """Sends requests as time passes. What cannot be split into whole requests is sent later."""

    cluster: FakeCluster
    counters: FakeCounters
    rate: float = 0.0
    """Requests a second."""
    slow: dict[str, float] = field(default_factory=dict)
    """Revision → share of its answers that are slow."""
    shares: Mapping[str, int] = field(default_factory=dict)
    """Where the gateway sends requests: what it last took up of the route."""
    _last: datetime | None = None
    _rest: dict[tuple[str, str], float] = field(default_factory=dict)

    def call(self, now: datetime, where: tuple[str, str]) -> None:
        """Send what is due since the last time to the release `where`: namespace and name."""
        due = self.rate * (now - self._last).total_seconds() if self._last else 0.0
        self._last = now
        for revision, share in self.shares.items():
            requests = self._whole((revision, "requests"), due * share / 100)
            slow = self._whole((revision, "slow"), requests * self.slow.get(revision, 0.0))
            self.counters.serve(revision, requests, slow=min(slow, requests))
        self.shares = self._taken_up(where)

    def _whole(self, what: tuple[str, str], amount: float) -> int:
        total = self._rest.get(what, 0.0) + amount
        self._rest[what] = total - int(total)
        return int(total)

    def _taken_up(self, where: tuple[str, str]) -> Mapping[str, int]:
        """The weights of the route; without one the selector of the Service."""
        route = self.cluster.objects.get(("HTTPRoute", *where))
        if route is not None:
            fresh = {b["name"]: b["weight"] for b in route["spec"]["rules"][0]["backendRefs"]}
            return fresh if self.cluster.gateway_up else self.shares
        service = self.cluster.objects.get(("Service", *where))
        pointed = service["spec"]["selector"].get(names.REVISION_LABEL) if service else None
        return {pointed: 100} if pointed else {}
