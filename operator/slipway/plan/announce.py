"""The registry learns what production serves: after a promotion, and again after a rollback."""

from __future__ import annotations

from slipway.api.outbox import Outcome
from slipway.api.release import LifecycleStages
from slipway.plan.actions import Announce, Plan
from slipway.plan.intents import ALIAS, ended, intend, intended
from slipway.plan.phases import SERVING
from slipway.plan.scene import Scene

RETRY_SECONDS = 5.0


def announce(scene: Scene) -> Plan | None:
    """Move the production alias to the live version, once. A hand that moves it later is reported, not fought."""
    live, seen = scene.live, scene.seen
    if live is None or live.status.phase not in SERVING or seen.registry.problem:
        return None
    model, version, moving = seen.release.spec.model, live.spec.model.version, intended(scene, ALIAS)
    there = seen.registry.aliases.get(model.production_alias) == version
    if moving is not None and moving != version:
        why = f"alias {model.production_alias} was on its way to version {moving}; production serves {version} now"
        return ended(scene, ALIAS, Outcome.DROPPED, (live.name, why), production_alias_version=None)
    if moving is not None and there:
        why = f"alias {model.production_alias} of {model.name} is on version {version}"
        return ended(scene, ALIAS, Outcome.DONE, (live.name, why), production_alias_version=version)
    if moving is not None:
        return Plan(_move(scene, version), again=RETRY_SECONDS)
    if seen.release.status.production_alias_version == version:
        return None
    if there:
        facts = seen.release.status.model_copy(update={"production_alias_version": version})
        return Plan(facts=facts, again=0.0)
    why = f"alias {model.production_alias} of {model.name} moves to version {version}"
    return intend(scene, ALIAS, version, _move(scene, version), (live.name, why))


def _move(scene: Scene, version: str) -> Announce:
    model = scene.seen.release.spec.model
    sync = model.lifecycle_stages is LifecycleStages.SYNC
    return Announce(model.registry, model.name, model.production_alias, version, sync_stages=sync)


def contradicted(scene: Scene) -> str | None:
    """What is wrong with the production alias after somebody moved it by hand; None where nothing is."""
    release = scene.seen.release
    expected = release.status.production_alias_version
    actual = scene.seen.registry.aliases.get(release.spec.model.production_alias)
    if expected is None or scene.seen.registry.problem or actual == expected or intended(scene, ALIAS):
        return None
    where = f"version {actual}" if actual else "no version"
    return f"alias {release.spec.model.production_alias} points at {where}, but production serves version {expected}"
