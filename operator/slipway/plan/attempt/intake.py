"""A new revision: the alias is resolved once, and nothing downstream ever sees it again."""

from __future__ import annotations

import re
from dataclasses import replace

from slipway.api.actors import UNVERIFIED, Actor, Part, written
from slipway.api.reasons import decisions, stalls
from slipway.api.release_status import Wanted
from slipway.api.revision import Intake, Phase, PinnedModel, RevisionSpec
from slipway.plan.situation.hold import held
from slipway.plan.situation.needs import NOTHING, Described, Needs
from slipway.plan.situation.observed import Version
from slipway.plan.situation.scene import Desired, Scene
from slipway.plan.writing.actions import CreateRevision, Decision, Plan
from slipway.plan.writing.moves import stall, wait
from slipway.render.revision import revision
from slipway.words.times import stamp

DIGEST_TAG = "model.digest"
AUTHOR_TAG = "author"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
REGISTRY_SECONDS = 5.0
REFUSED_SECONDS = 30.0
"""A version that the registry refused may have been registered since: nothing else would tell."""


def record_wanted(scene: Scene) -> Plan | None:
    """Write down since when the wanted version is wanted: attempts before that do not count against it."""
    seen, version = scene.seen, scene.wanted_version
    if version is None or seen.registry.problem or (seen.release.status.wanted and scene.alias_since):
        return None
    wanted = Wanted(version=version, since=stamp(scene.now), actor=_wished_by(scene))
    return Plan(facts=seen.release.status.model_copy(update={"wanted": wanted}), again=0.0)


def _wished_by(scene: Scene) -> Actor:
    """Who asked for the version that is wanted from now on. Who moves an alias in the registry, nobody knows here.

    A release that was made just now asks for what its alias points at; so does one that now names another alias.
    """
    release, last = scene.seen.release, scene.newest
    candidate, observed = release.spec.model.candidate, release.status.observed_generation
    renamed = last is not None and last.spec.intake.alias != candidate.alias and observed != release.metadata.generation
    return scene.who(Part.CANDIDATE) if candidate.version or observed is None or renamed else UNVERIFIED


def _asked_by(scene: Scene, desired: Desired) -> Actor:
    """Who asked for this attempt: for its version, or to try it again, or to serve or to judge it in another way."""
    last, wanted = scene.newest, scene.seen.release.status.wanted
    if last is not None and last.spec.model.version == desired.version and last.spec.intake.since == scene.alias_since:
        if last.spec.intake.retry != (scene.seen.release.spec.retry or ""):
            return scene.who(Part.RETRY)
        if (last.spec.serving_hash, last.spec.policy_hash) != (desired.serving_hash, desired.policy_hash):
            return scene.who(Part.SPEC)
    return written(wanted.actor) if wanted else UNVERIFIED


def intake_asks(scene: Scene) -> Needs:
    """The version that is wanted and not served, unless it failed before."""
    live, desired = scene.live, scene.desired
    if scene.candidate is not None or desired is None or scene.failed_before(desired):
        return NOTHING
    if live is not None and live.spec.serving_hash == desired.serving_hash:
        return NOTHING
    return Needs(versions=Described(frozenset({desired.version})))


def intake(scene: Scene) -> Plan | None:
    """Start an attempt where production should serve something else and nothing stands against it."""
    desired, live = scene.desired, scene.live
    if desired is None or held(scene) or scene.flying or scene.seen.registry.problem:
        return None
    if live is not None and (live.status.phase is Phase.WATCHING or live.spec.serving_hash == desired.serving_hash):
        return None
    if scene.failed_before(desired):
        return None
    version = scene.version(desired.version)
    if version is None:
        return _undescribed(scene, desired.version)
    if not version.ready:
        return wait(f"version {desired.version} is not READY in the registry yet", REGISTRY_SECONDS)
    promised = version.tags.get(DIGEST_TAG)
    if promised and not DIGEST.fullmatch(promised):
        return stall(
            stalls.BAD_DIGEST_TAG,
            f"tag {DIGEST_TAG} of version {desired.version} is {promised[:80]!r}; it must be sha256: and 64 hex digits",
        )
    return _create(scene, desired, version)


def _undescribed(scene: Scene, version: str) -> Plan:
    """Wait for a registry that is away; a version that it does not have, or does not show, is for a human to mend."""
    answer = scene.undescribed(version)
    if answer is None or not answer.final:
        why = f": {answer.says}" if answer else ""
        return wait(f"waiting for the registry to describe version {version}{why}", REGISTRY_SECONDS)
    message = f"the registry does not describe version {version}: {answer.says}; register it, or ask for another one"
    return replace(stall(stalls.VERSION_NOT_DESCRIBED, message), again=REFUSED_SECONDS)


def _create(scene: Scene, desired: Desired, version: Version) -> Plan:
    release = scene.seen.release
    number = max([release.status.last_revision, *(r.spec.number for r in scene.seen.revisions)]) + 1
    alias, actor = release.spec.model.candidate.alias, _asked_by(scene, desired)
    spec = RevisionSpec(
        release=scene.name,
        number=number,
        model=PinnedModel(
            name=release.spec.model.name,
            registry=release.spec.model.registry,
            version=version.version,
            model_id=version.model_id,
            run_id=version.run_id,
            author=version.tags.get(AUTHOR_TAG),
            digest=version.tags.get(DIGEST_TAG),
        ),
        server=desired.server,
        policy=desired.policy,
        serving_hash=desired.serving_hash,
        policy_hash=desired.policy_hash,
        intake=Intake(
            alias=alias,
            since=scene.alias_since or stamp(scene.now),
            generation=release.metadata.generation,
            retry=release.spec.retry or "",
            actor=actor,
        ),
    )
    manifest = revision(release, spec)
    decision = Decision(
        action=decisions.STARTED,
        revision=manifest["metadata"]["name"],
        message=f"version {version.version} starts as {manifest['metadata']['name']}"
        + (f": alias {alias} points at it" if alias else ": spec.model.candidate.version names it"),
        actor=actor,
        details={"version": version.version, "modelId": version.model_id, "digest": spec.model.digest},
    )
    return Plan(CreateRevision(manifest), decision, again=0.0)
