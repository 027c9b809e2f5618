"""What a decision may need beyond the release's own objects, so that steady state asks nobody anything."""

from __future__ import annotations

from dataclasses import dataclass

from slipway import names
from slipway.api.gates import SmokeRequests
from slipway.api.revision import ModelRevision, Phase
from slipway.plan.scene import Scene
from slipway.plan.watching import due


@dataclass(frozen=True)
class Needs:
    """What to read before planning."""

    versions: frozenset[str] = frozenset()
    """Model versions to have described by the registry."""
    policy: str | None = None
    """ConfigMap with the governance policy."""
    requests: SmokeRequests | None = None
    """ConfigMap and key with the smoke gate's requests."""
    services: frozenset[str] = frozenset()
    """Services to look for that are not known as the release's own: somebody else may have taken the name."""
    counters_of: str | None = None
    """Revision whose pods' counters to read."""


def needs(scene: Scene) -> Needs:
    """What this pass may need."""
    candidate, live, desired = scene.candidate, scene.live, scene.desired
    watched = live is not None and live.status.phase is Phase.WATCHING and due(live, scene)
    counters_of, services = (live.name if live and watched else None), _services(scene)
    if candidate is not None and candidate.status.phase in (Phase.PENDING, Phase.GATING):
        versions = {candidate.spec.model.version} | ({live.spec.model.version} if live else set())
        gates = candidate.spec.policy.gates
        policy = gates.governance.policy if gates.governance else None
        return Needs(frozenset(versions), policy, _requests(candidate), services, counters_of)
    wanted = desired is not None and (live is None or live.spec.serving_hash != desired.serving_hash)
    if candidate is None and desired is not None and wanted and not scene.failed_before(desired):
        return Needs(frozenset({desired.version}), services=services, counters_of=counters_of)
    return Needs(services=services, counters_of=counters_of)


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
