"""How production traffic is moved: one protocol, two routers. Pure: what a router returns is one atomic write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from slipway.api.revision import ModelRevision
from slipway.plan.situation.observed import Route, Service
from slipway.plan.situation.scene import Scene
from slipway.plan.writing.actions import Shift
from slipway.render.route import backends
from slipway.words import names


class TrafficRouter(Protocol):
    """Gives revisions their shares of production traffic."""

    def shift(self, shares: Mapping[str, int]) -> Shift:
        """The write that gives each revision its share in percent, the live one first.

        It is refused if the object that traffic follows is not as it was read any more. Raises ValueError for shares
        that this router cannot give.
        """
        ...


@dataclass(frozen=True)
class ServiceRouter:
    """The selector of the production Service: all to one revision."""

    service: Service

    def shift(self, shares: Mapping[str, int]) -> Shift:
        """See Router."""
        if len(shares) != 1:
            raise ValueError(f"a Service sends everything to one revision, not {dict(shares)}")
        (revision,) = shares
        name, version = self.service.name, self.service.resource_version
        return Shift("Service", name, version, {"/spec/selector": names.selector(name, revision)}, flips=revision)


@dataclass(frozen=True)
class GatewayRouter:
    """The weights of the HTTPRoute's first rule."""

    route: Route

    def shift(self, shares: Mapping[str, int]) -> Shift:
        """See Router."""
        name, version = self.route.name, self.route.resource_version
        whole = next(iter(shares)) if len(shares) == 1 else None
        return Shift("HTTPRoute", name, version, {"/spec/rules/0/backendRefs": backends(shares)}, flips=whole)


def router(scene: Scene) -> TrafficRouter:
    """The router of what production traffic follows now. Raises ValueError where there is nothing yet."""
    if scene.route is not None:
        return GatewayRouter(scene.route)
    if scene.seen.production is None:
        raise ValueError("production is not open yet; the first promotion creates its Service")
    return ServiceRouter(scene.seen.production)


def flip(scene: Scene, target: ModelRevision) -> Shift:
    """Move all of production to `target`."""
    return router(scene).shift({target.name: 100})


def split(scene: Scene, live: ModelRevision, candidate: ModelRevision, weight: int) -> Shift:
    """Give `candidate` `weight` percent of production, and `live` the rest."""
    return router(scene).shift({live.name: 100 - weight, candidate.name: weight})
