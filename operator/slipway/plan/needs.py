"""What a decision may need beyond the release's own objects, so that steady state asks nobody anything."""

from __future__ import annotations

from dataclasses import dataclass, replace

from slipway.api.gates.specs import MetricSource, SmokeRequests
from slipway.api.revision import ModelRevision, Phase
from slipway.plan.attempt import canary_look
from slipway.plan.production.retire import to_look_at
from slipway.plan.production.rollback import under_way
from slipway.plan.production.watching import recording
from slipway.plan.situation.scene import Scene
from slipway.words import names


@dataclass(frozen=True)
class Reading:
    """Whose pods' request counters to read, and by whose objective."""

    judged: str
    """The revision whose latency objective says what is slow."""
    revisions: frozenset[str]
    now: bool = False
    """Ask the pods themselves: it matters what they are doing this very second."""


@dataclass(frozen=True)
class Wanted:
    """What to have described by the registry."""

    versions: frozenset[str] = frozenset()
    metrics: frozenset[str] = frozenset()
    """The metrics whose logged figures are judged: each costs the registry a look at its history."""


@dataclass(frozen=True)
class Needs:
    """What to read before planning."""

    described: Wanted = Wanted()
    """Model versions to have described by the registry."""
    policy: str | None = None
    """ConfigMap with the governance policy."""
    requests: SmokeRequests | None = None
    """ConfigMap and key with the smoke gate's requests."""
    services: frozenset[str] = frozenset()
    """Services to look for that are not known as the release's own: somebody else may have taken the name."""
    reading: Reading | None = None
    """Request counters to read."""


def needs(scene: Scene) -> Needs:
    """What this pass may need."""
    return replace(_described(scene), services=_services(scene), reading=_reading(scene))


def _reading(scene: Scene) -> Reading | None:
    """None while production is being taken back: nothing may slow that down."""
    live, candidate = scene.live, scene.candidate
    if under_way(scene):
        return None
    if live is not None and live.status.phase is Phase.WATCHING:
        return Reading(live.name, frozenset({live.name}))
    state = candidate.status.canary if candidate else None
    if candidate is not None and state is not None and canary_look.due(candidate):
        return Reading(candidate.name, frozenset({candidate.name, state.against}))
    if live is not None and candidate is not None and recording(scene, candidate):
        return Reading(candidate.name, frozenset({live.name}))
    idle = to_look_at(scene)
    return Reading(idle.name, frozenset({idle.name}), now=True) if idle else None


def _described(scene: Scene) -> Needs:
    """What to ask the registry and the policy for."""
    candidate, live, desired = scene.candidate, scene.live, scene.desired
    if candidate is not None and candidate.status.phase in (Phase.PENDING, Phase.GATING):
        versions = {candidate.spec.model.version} | ({live.spec.model.version} if live else set())
        gates = candidate.spec.policy.gates
        policy = gates.governance.policy if gates.governance else None
        return Needs(Wanted(frozenset(versions), _judged(candidate)), policy, _requests(candidate))
    wanted = desired is not None and (live is None or live.spec.serving_hash != desired.serving_hash)
    if candidate is None and desired is not None and wanted and not scene.failed_before(desired):
        return Needs(Wanted(frozenset({desired.version})))
    return Needs()


def _judged(candidate: ModelRevision) -> frozenset[str]:
    gates = candidate.spec.policy.gates.metrics
    return frozenset(gate.name for gate in gates if gate.source is MetricSource.LOGGED)


def _requests(candidate: ModelRevision) -> SmokeRequests | None:
    smoke = candidate.spec.policy.gates.smoke
    return smoke.requests_from if smoke and candidate.status.phase is Phase.GATING else None


def _services(scene: Scene) -> frozenset[str]:
    """The Services that the candidate's way to production is going to make."""
    candidate = scene.candidate
    if candidate is None:
        return frozenset()
    planned = {candidate.name, names.staging_service(scene.name), names.metrics_service(scene.name)}
    return frozenset(planned - set(scene.seen.services))
