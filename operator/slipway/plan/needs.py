"""What a decision may need beyond the release's own objects, so that steady state asks nobody anything."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from slipway import names
from slipway.api.revision import Phase
from slipway.plan.draining import draining
from slipway.plan.scene import Scene
from slipway.plan.watching import recording


@dataclass(frozen=True)
class Needs:
    """What to read before planning."""

    versions: frozenset[str] = frozenset()
    """Model versions to have described by the registry."""
    policy: str | None = None
    """ConfigMap with the governance policy."""
    services: frozenset[str] = frozenset()
    """Services to look for that are not known as the release's own: somebody else may have taken the name."""
    judged: str | None = None
    """Revision whose pods' counters to read, by its own objective."""
    beside: frozenset[str] = frozenset()
    """Revisions whose pods' counters to read with them."""
    draining: bool = False
    """Read the pods themselves: it matters whether they answer requests this very second."""


def needs(scene: Scene) -> Needs:
    """What this pass may need."""
    return replace(_described(scene), services=_services(scene), **_counters(scene))


def _counters(scene: Scene) -> dict[str, Any]:
    """Whose counters to read. None while production is being taken back: nothing may slow that down."""
    live, candidate = scene.live, scene.candidate
    if scene.seen.release.spec.rollback is not None or rolling_back(scene):
        return {}
    if live is not None and live.status.phase is Phase.WATCHING:
        return {"judged": live.name}
    if live is not None and candidate is not None and recording(scene, candidate):
        return {"judged": candidate.name, "beside": frozenset({live.name})}
    drained = draining(scene)
    return {"judged": drained.name, "draining": True} if drained else {}


def _described(scene: Scene) -> Needs:
    """What to ask the registry and the policy for."""
    candidate, live, desired = scene.candidate, scene.live, scene.desired
    if candidate is not None and candidate.status.phase in (Phase.PENDING, Phase.GATING):
        versions = {candidate.spec.model.version} | ({live.spec.model.version} if live else set())
        governance = candidate.spec.policy.gates.governance
        return Needs(frozenset(versions), governance.policy if governance else None)
    wanted = desired is not None and (live is None or live.spec.serving_hash != desired.serving_hash)
    if candidate is None and desired is not None and wanted and not scene.failed_before(desired):
        return Needs(frozenset({desired.version}))
    return Needs()


def _services(scene: Scene) -> frozenset[str]:
    """The Services that the candidate's way to production is going to make."""
    candidate = scene.candidate
    if candidate is None:
        return frozenset()
    planned = {candidate.name, names.staging_service(scene.name), names.metrics_service(scene.name)}
    return frozenset(planned - set(scene.seen.services))
