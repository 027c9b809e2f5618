"""The HTTPRoute and the production Service beside each other: the route is the truth, the Service follows it.

In-cluster clients that use the Service see a flip one write later, and never a canary. Where the route is missing, the
Service says what is live, so one of the two always does.
"""

from __future__ import annotations

from dataclasses import replace

from slipway.api.outbox import Outcome
from slipway.api.reasons import stalls
from slipway.api.revision import ModelRevision, Phase
from slipway.api.traffic import Router as RouterName
from slipway.plan.production.flip import ServiceRouter, flip
from slipway.plan.situation.phases import ENDED_EARLY, MAY_HAVE_WEIGHT, SERVING
from slipway.plan.situation.scene import Scene
from slipway.plan.writing.actions import NOW, Delete, OpenProduction, Plan, Shift
from slipway.plan.writing.intents import WITHDRAWAL, Told, ended, intend, intended
from slipway.plan.writing.moves import stall
from slipway.render import route as render
from slipway.words import names
from slipway.words.canonical import digest_of


def mirror(scene: Scene) -> Plan | None:
    """Point the production Service at what the route has made live."""
    live, service = scene.live, scene.seen.production
    if scene.route is None or live is None or service is None or service.release != scene.name:
        return None
    if dict(service.selector) == names.selector(scene.name, live.name) or not _chosen(scene, live):
        return None
    return Plan(replace(ServiceRouter(service).shift({live.name: 100}), flips=None), again=NOW)


def _chosen(scene: Scene, live: ModelRevision) -> bool:
    """Whether Slipway made `live` live, and not somebody who edited the route."""
    rollback = scene.seen.release.status.rollback
    back = rollback is not None and rollback.completed_at is None and rollback.to == live.name
    return back or live.status.phase in SERVING | {Phase.PROMOTING}


def withdraw(scene: Scene) -> Plan | None:
    """Take the share of a revision whose attempt has ended: all goes back to the live one, in one write."""
    live, losing = scene.live, intended(scene, WITHDRAWAL)
    if losing is not None and (live is None or losing == live.name or losing not in scene.shares):
        return _withdrawn(scene, losing)
    shares = (scene.seen.revision(name) for name in scene.shares)
    loser = next((r for r in shares if r is not None and r is not live and r.status.phase in ENDED_EARLY), None)
    if loser is None or live is None or live.status.phase not in SERVING or scene.ready_pods(live) == 0:
        return None
    if losing is not None:
        return Plan(flip(scene, live), again=NOW)
    share = scene.share(loser)
    why = f"{share} % of production traffic moves back from {loser.name} to {live.name}"
    told = {"from": loser.name, "to": live.name, "weight": share}
    return intend(scene, WITHDRAWAL, loser.name, flip(scene, live), Told(loser.name, why, told))


def _withdrawn(scene: Scene, losing: str) -> Plan | None:
    """How it came out that `losing` was to lose its share; None while it has it."""
    taken = {"from": losing, "to": scene.served}
    if losing not in scene.shares:
        why = f"{losing} has no share of production traffic any more"
        return ended(scene, WITHDRAWAL, Outcome.DONE, Told(losing, why, taken))
    if scene.served == losing:
        why = f"somebody else made {losing} live meanwhile"
        return ended(scene, WITHDRAWAL, Outcome.DROPPED, Told(losing, why, taken))
    return None


def attach(scene: Scene) -> Plan | None:
    """Make the route, bring it in line with spec.traffic.gateway, or remove it after a change of the router."""
    live, release, route = scene.live, scene.seen.release, scene.route
    if live is None or live.status.phase not in SERVING:
        return None
    if release.spec.traffic.router is RouterName.SERVICE:
        return _detach(scene, live) if route else None
    gateway = release.spec.traffic.gateway
    if gateway is None or not scene.seen.gateway_api:
        return None
    if scene.seen.route is None:
        return Plan(OpenProduction(render.route(release, gateway, _last_shares(scene, live))), again=NOW)
    if route is None:
        return None
    annotations, identity = route.manifest["metadata"].get("annotations") or {}, digest_of(gateway.wire())
    if annotations.get(names.GATEWAY_ANNOTATION) == identity:
        return None
    after = {
        "/metadata/annotations": {**annotations, names.GATEWAY_ANNOTATION: identity},
        "/spec": render.configured(route.manifest["spec"], gateway),
    }
    return Plan(Shift("HTTPRoute", route.name, route.resource_version, after), again=NOW)


def _last_shares(scene: Scene, live: ModelRevision) -> dict[str, int]:
    """The shares as they were last seen: a route that somebody deleted comes back as it was."""
    for share in scene.seen.release.status.traffic:
        candidate = scene.seen.revision(share.revision)
        if candidate is None or candidate is live or not 0 < share.weight < 100:
            continue
        if candidate.status.phase in MAY_HAVE_WEIGHT and scene.ready_pods(candidate) > 0:
            return {live.name: 100 - share.weight, candidate.name: share.weight}
    return {live.name: 100}


def _detach(scene: Scene, live: ModelRevision) -> Plan | None:
    """The Service takes over: once it points where the route does, the route goes."""
    service, route = scene.seen.production, scene.route
    followed = service is not None and dict(service.selector) == names.selector(scene.name, live.name)
    if route is None or not followed or dict(scene.shares) != {live.name: 100}:
        return None
    return Plan(Delete("HTTPRoute", route.name, route.uid), again=NOW)


def unknown(scene: Scene) -> Plan | None:
    """The cluster has no HTTPRoutes, and the release asks for one."""
    if scene.seen.release.spec.traffic.router is RouterName.SERVICE or scene.seen.gateway_api:
        return None
    return stall(
        stalls.GATEWAY_API_MISSING,
        "spec.traffic.router is Gateway, but this cluster does not know HTTPRoutes of gateway.networking.k8s.io/v1; "
        "install the Gateway API's definitions, or use router Service",
    )
