"""What a pass reads besides the release's own objects, and what stands where nothing was read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, NoReturn

from slipway.api.gates.specs import SmokeRequests


class Kind(StrEnum):
    """What there is to read."""

    VERSIONS = "versions"
    """The registry's description of model versions."""
    POLICY = "policy"
    """The ConfigMap with the governance policy."""
    REQUESTS = "requests"
    """The ConfigMap with the smoke gate's requests."""
    SERVICES = "services"
    """Services whose names the release is going to need: somebody else may have taken them."""
    COUNTERS = "counters"
    """Request counters of serving pods."""


@dataclass(frozen=True)
class Reading:
    """Whose pods' request counters to read, and by whose objective."""

    judged: str
    """The revision whose latency objective says what is slow."""
    revisions: frozenset[str]
    now: bool = False
    """Ask the pods themselves: it matters what they are doing this very second."""


@dataclass(frozen=True)
class Described:
    """What to have described by the registry."""

    versions: frozenset[str] = frozenset()
    metrics: frozenset[str] = frozenset()
    """The metrics whose logged figures are judged: each costs the registry a look at its history."""


@dataclass(frozen=True)
class Needs:
    """What to read before planning; a field for each Kind."""

    versions: Described = field(default_factory=Described)
    policy: str | None = None
    requests: SmokeRequests | None = None
    services: frozenset[str] = frozenset()
    counters: Reading | None = None

    @property
    def kinds(self) -> frozenset[Kind]:
        """What is asked for."""
        return frozenset(kind for kind in Kind if getattr(self, kind) != getattr(NOTHING, kind))


NOTHING = Needs()


def union(all_of: Iterable[Needs]) -> Needs:
    """Everything that is asked for. Of counters the first reading: another objective would call other answers slow."""
    found = NOTHING
    for asked in all_of:
        versions = Described(
            found.versions.versions | asked.versions.versions, found.versions.metrics | asked.versions.metrics
        )
        found = replace(
            found,
            versions=versions,
            policy=found.policy or asked.policy,
            requests=found.requests or asked.requests,
            services=found.services | asked.services,
            counters=found.counters or asked.counters,
        )
    return found


class NotReadError(RuntimeError):
    """A step looks at what it has not asked for: a bug of the step."""


class _Unread:
    """Stands where nothing was read. It is not empty: nobody can look into it."""

    def _refuse(self, *_: object) -> NoReturn:
        raise NotReadError("this was not read: the step has to say that it reads it, in STEPS of the planner")

    __bool__ = __contains__ = __getitem__ = __iter__ = __len__ = _refuse

    def __getattr__(self, name: str) -> NoReturn:
        """Refuse, but for what Python itself asks every object for."""
        if name.startswith("__"):
            raise AttributeError(name)
        self._refuse()


UNREAD: Any = _Unread()
