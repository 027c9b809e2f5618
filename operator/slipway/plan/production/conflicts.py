"""Production points where Slipway did not point it, or a name that is needed is taken: stall, and touch nothing."""

from __future__ import annotations

from slipway.api.reasons import stalls
from slipway.api.traffic import Router
from slipway.plan.situation.needs import NOTHING, Needs
from slipway.plan.situation.observed import Route
from slipway.plan.situation.phases import ENDED_EARLY, MAY_HAVE_WEIGHT, SERVING
from slipway.plan.situation.scene import Scene
from slipway.plan.writing.actions import Plan
from slipway.plan.writing.moves import stall
from slipway.words import names


def misdirected(scene: Scene) -> Plan | None:
    """Production points where Slipway never pointed it: say so and leave it to the people who did."""
    service, route = scene.seen.production, scene.seen.route
    if service is not None and service.release != scene.name:
        return _taken("Service", service.name, service.release)
    if route is not None and route.release != scene.name and scene.seen.release.spec.traffic.router is Router.GATEWAY:
        return _taken("HTTPRoute", route.name, route.release)
    if service is None and scene.route is None:
        return None
    pointed = scene.live is not None and scene.live.status.phase in SERVING
    if scene.route is not None:
        return _edited_route(scene, scene.route) if not pointed or scene.route.strange or _stray(scene) else None
    if pointed or service is None:
        return None
    return stall(
        stalls.SELECTOR_EDITED,
        f"the selector of Service {service.name} points at {scene.served or 'no revision'}, which Slipway did "
        f"not set; point it back at {_last(scene)}, or set spec.rollback to a revision",
    )


def _edited_route(scene: Scene, route: Route) -> Plan:
    given = ", ".join(f"{share} % to {name}" for name, share in scene.shares.items()) or "nothing to any revision"
    return stall(
        stalls.ROUTE_EDITED,
        f"route {route.name} gives {route.strange or given}, which Slipway did not set; give all to "
        f"{_last(scene)} "
        "again, or set spec.rollback to a revision",
    )


def _stray(scene: Scene) -> bool:
    """Whether a revision has a share that no canary gave it."""
    others = (scene.seen.revision(name) for name in scene.shares if name != scene.served)
    return any(r is None or r.status.phase not in MAY_HAVE_WEIGHT | ENDED_EARLY for r in others)


def _last(scene: Scene) -> str:
    """The revision that Slipway chose last. Not status.live: that follows what production points at."""
    if scene.lost:
        return scene.lost[-1].name
    last = scene.seen.release.status.live
    return last.revision if last else "a revision"


def contested_asks(scene: Scene) -> Needs:
    """The Services that the candidate's way to production is going to make."""
    candidate = scene.candidate
    if candidate is None:
        return NOTHING
    planned = {candidate.name, names.staging_service(scene.name), names.metrics_service(scene.name)}
    return Needs(services=frozenset(planned - set(scene.seen.services)))


def contested(scene: Scene) -> Plan | None:
    """A Service that the candidate needs belongs to somebody else: nothing of theirs is touched."""
    if scene.candidate is None:
        return None
    strangers = (service for _, service in sorted(scene.seen.services.items()) if service.release != scene.name)
    return next((_taken("Service", service.name, service.release) for service in strangers), None)


def _taken(kind: str, name: str, release: str | None) -> Plan:
    owner = f"belongs to release {release}" if release else "does not belong to this release"
    reason = stalls.SERVICE_CONFLICT if kind == "Service" else stalls.ROUTE_CONFLICT
    return stall(reason, f"{kind} {name} {owner}; rename this release or remove the {kind}")
