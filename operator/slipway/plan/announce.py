"""The registry learns what production serves: after a promotion, and again after a rollback."""

from __future__ import annotations

from slipway.api.release import LifecycleStages
from slipway.plan.actions import Announce, Decision, Plan
from slipway.plan.phases import SERVING
from slipway.plan.scene import Scene

RETRY_SECONDS = 5.0


def announce(scene: Scene) -> Plan | None:
    """Move the production alias to the live version, once. A hand that moves it later is reported, not fought."""
    live, seen = scene.live, scene.seen
    if live is None or live.status.phase not in SERVING or seen.registry.problem:
        return None
    model, version = seen.release.spec.model, live.spec.model.version
    if seen.release.status.production_alias_version == version:
        return None
    if seen.registry.aliases.get(model.production_alias) == version:
        facts = seen.release.status.model_copy(update={"production_alias_version": version})
        return Plan(facts=facts, again=0.0)
    action = Announce(
        model.registry,
        model.name,
        model.production_alias,
        version,
        sync_stages=model.lifecycle_stages is LifecycleStages.SYNC,
    )
    message = f"alias {model.production_alias} of {model.name} moves to version {version}"
    decision = Decision("AliasMoved", live.name, message, actor="slipway", details={"version": version})
    return Plan(action, decision, again=RETRY_SECONDS)


def contradicted(scene: Scene) -> str | None:
    """What is wrong with the production alias after somebody moved it by hand; None where nothing is."""
    release = scene.seen.release
    expected = release.status.production_alias_version
    actual = scene.seen.registry.aliases.get(release.spec.model.production_alias)
    if expected is None or scene.seen.registry.problem or actual == expected:
        return None
    where = f"version {actual}" if actual else "no version"
    return f"alias {release.spec.model.production_alias} points at {where}, but production serves version {expected}"
