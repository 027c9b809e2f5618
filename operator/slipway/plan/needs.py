"""What a decision may need beyond the release's own objects, so that steady state asks nobody anything."""

from __future__ import annotations

from dataclasses import dataclass

from slipway import names
from slipway.api.revision import Phase
from slipway.plan import canary
from slipway.plan.scene import Scene
from slipway.plan.watching import due


@dataclass(frozen=True)
class Needs:
    """What to read before planning."""

    versions: frozenset[str] = frozenset()
    """Model versions to have described by the registry."""
    policy: str | None = None
    """ConfigMap with the governance policy."""
    services: frozenset[str] = frozenset()
    """Services to look for that are not known as the release's own: somebody else may have taken the name."""
    counters_of: frozenset[str] = frozenset()
    """Revisions whose pods' counters to read."""


def needs(scene: Scene) -> Needs:
    """What this pass may need."""
    candidate, live, desired = scene.candidate, scene.live, scene.desired
    counters_of, services = _counted(scene), _services(scene)
    if candidate is not None and candidate.status.phase in (Phase.PENDING, Phase.GATING):
        versions = {candidate.spec.model.version} | ({live.spec.model.version} if live else set())
        governance = candidate.spec.policy.gates.governance
        return Needs(frozenset(versions), governance.policy if governance else None, services, counters_of)
    wanted = desired is not None and (live is None or live.spec.serving_hash != desired.serving_hash)
    if candidate is None and desired is not None and wanted and not scene.failed_before(desired):
        return Needs(frozenset({desired.version}), None, services, counters_of)
    return Needs(services=services, counters_of=counters_of)


def _counted(scene: Scene) -> frozenset[str]:
    """The revision under watch; in a canary both sides."""
    live, candidate = scene.live, scene.candidate
    counted = {live.name} if live is not None and live.status.phase is Phase.WATCHING and due(live, scene) else set()
    if candidate is not None and candidate.status.canary is not None and canary.due(candidate, scene):
        counted |= {candidate.name, candidate.status.canary.against}
    return frozenset(counted)


def _services(scene: Scene) -> frozenset[str]:
    """The Services that the candidate's way to production is going to make."""
    candidate = scene.candidate
    if candidate is None:
        return frozenset()
    planned = {candidate.name, names.staging_service(scene.name), names.metrics_service(scene.name)}
    return frozenset(planned - set(scene.seen.services))
