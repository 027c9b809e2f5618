"""The registry learns what production serves: after a promotion, and again after a rollback."""

from __future__ import annotations

from slipway.api.outbox import Outcome
from slipway.api.release import LifecycleStages
from slipway.api.revision import ModelRevision
from slipway.plan.situation.phases import SERVING
from slipway.plan.situation.scene import Scene
from slipway.plan.writing.actions import Announce, Plan
from slipway.plan.writing.intents import ALIAS, Told, ended, intend, intended

RETRY_SECONDS = 5.0


def announce(scene: Scene) -> Plan | None:
    """Move the production alias to the live version, once. What follows when somebody else moves it: see `alias`."""
    live, seen = scene.live, scene.seen
    if live is None or live.status.phase not in SERVING or seen.registry.problem:
        return None
    model, version, moving = seen.release.spec.model, live.spec.model.version, intended(scene, ALIAS)
    there = pointed(scene) == version
    if moving is not None and moving != version:
        why = f"alias {model.production_alias} was being moved to version {moving}, but production now serves {version}"
        return ended(scene, ALIAS, Outcome.DROPPED, Told(live.name, why), production_alias_version=None)
    if moving is not None and there:
        why = f"alias {model.production_alias} of {model.name} is on version {version}"
        return ended(scene, ALIAS, Outcome.DONE, Told(live.name, why), production_alias_version=version)
    if moving is not None:
        return Plan(announcement(scene, live), again=RETRY_SECONDS)
    if seen.release.status.production_alias_version == version:
        return None
    if there:
        facts = seen.release.status.model_copy(update={"production_alias_version": version})
        return Plan(facts=facts, again=0.0)
    why = f"alias {model.production_alias} of {model.name} moves to version {version}"
    return intend(scene, ALIAS, version, announcement(scene, live), Told(live.name, why))


def announcement(scene: Scene, live: ModelRevision) -> Announce:
    """The write that makes the production alias say what production serves."""
    model = scene.seen.release.spec.model
    return Announce(
        model.registry,
        model.name,
        model.production_alias,
        live.spec.model.version,
        sync_stages=model.lifecycle_stages is LifecycleStages.SYNC,
    )


def pointed(scene: Scene) -> str | None:
    """The version that the production alias points at, as far as is known."""
    return scene.seen.registry.aliases.get(scene.seen.release.spec.model.production_alias)


def contradicted(scene: Scene) -> str | None:
    """What is wrong with the production alias after somebody moved it by hand; None where nothing is."""
    release, live, actual = scene.seen.release, scene.live, pointed(scene)
    if live is None or live.status.phase not in SERVING or scene.seen.registry.problem or intended(scene, ALIAS):
        return None
    version = live.spec.model.version
    if release.status.production_alias_version != version or actual == version:
        return None
    where = f"version {actual}" if actual else "no version"
    return f"alias {release.spec.model.production_alias} points at {where}, but production serves version {version}"
