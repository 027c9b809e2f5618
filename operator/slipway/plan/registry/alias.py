"""Somebody else moved the production alias: it is put on record, then answered as spec.model.aliasConflict says."""

from __future__ import annotations

from slipway.api.actors import UNVERIFIED
from slipway.api.outbox import Outcome
from slipway.api.reasons import decisions
from slipway.api.release import AliasConflict
from slipway.api.release_status import AliasEdit
from slipway.plan.registry.announce import RETRY_SECONDS, announcement, contradicted, pointed
from slipway.plan.situation.scene import Scene
from slipway.plan.writing.actions import NOW, Decision, Plan
from slipway.plan.writing.intents import RESTORE, Told, ended, intend, intended
from slipway.words.times import elapsed, stamp

MOST_RESTORES = 3
"""Two parties that both insist stop here; people see it and talk."""
CALM_SECONDS = 3600.0
"""An alias that stayed where it belongs for so long is not fought over any more."""


def conflict(scene: Scene) -> Plan | None:
    """Put an edit on record, once, before anything is done about it; and its end."""
    if intended(scene, RESTORE) is not None:
        return _restoring(scene)
    problem, known, status = contradicted(scene), scene.seen.release.status.alias_edit, scene.seen.release.status
    if problem is None:
        return _agreed(scene, known)
    version = pointed(scene) or ""
    if known is not None and known.version == version and known.agreed_since is None:
        return restore(scene, known)
    edit = AliasEdit(version=version, seen_at=stamp(scene.now), restores=_restores(scene, known))
    facts = status.model_copy(update={"alias_edit": edit})
    revision = scene.live.name if scene.live else scene.name
    details = {"to": version or None, "answer": scene.seen.release.spec.model.alias_conflict.value}
    decision = Decision(decisions.ALIAS_EDITED, revision, problem, UNVERIFIED, warning=True, details=details)
    return Plan(decision=decision, facts=facts, again=NOW)


def consequence(scene: Scene) -> str:
    """What an edit of the alias leads to, in a few words."""
    policy, edit = scene.seen.release.spec.model.alias_conflict, scene.seen.release.status.alias_edit
    if policy is AliasConflict.FOLLOW:
        return "production moves to that version if it has served it before (spec.model.aliasConflict)"
    if policy is AliasConflict.RESTORE and (edit is None or edit.restores <= MOST_RESTORES):
        return "it is being restored (spec.model.aliasConflict)"
    if policy is AliasConflict.RESTORE:
        return (
            f"it was restored {MOST_RESTORES} times and set again each time; leaving it (resets after 1 h "
            "without edits)"
        )
    return "it is left unchanged (spec.model.aliasConflict)"


def restore(scene: Scene, edit: AliasEdit) -> Plan | None:
    """Move the alias back to what production serves, where that is wanted and has not been tried too often."""
    live, policy = scene.live, scene.seen.release.spec.model.alias_conflict
    if live is None or policy is not AliasConflict.RESTORE or edit.restores > MOST_RESTORES:
        return None
    alias, version = scene.seen.release.spec.model.production_alias, live.spec.model.version
    why = f"restoring alias {alias} to version {version}, which production serves"
    told = Told(live.name, why, {"from": edit.version or None, "restores": edit.restores})
    return intend(scene, RESTORE, version, announcement(scene, live), told)


def _restoring(scene: Scene) -> Plan | None:
    """Move it back until it is seen there, unless production serves something else by now."""
    live, version, alias = scene.live, intended(scene, RESTORE), scene.seen.release.spec.model.production_alias
    if live is None or scene.seen.registry.problem:
        return None
    if live.spec.model.version != version:
        why = f"alias {alias} was to move back to version {version}; production serves {live.spec.model.version} now"
        return ended(scene, RESTORE, Outcome.DROPPED, Told(live.name, why))
    if pointed(scene) == version:
        why = f"alias {alias} is back on version {version}, which production serves"
        return ended(scene, RESTORE, Outcome.DONE, Told(live.name, why))
    return Plan(announcement(scene, live), again=RETRY_SECONDS)


def _restores(scene: Scene, known: AliasEdit | None) -> int:
    """How often the alias was moved back, the coming time included."""
    if scene.seen.release.spec.model.alias_conflict is not AliasConflict.RESTORE:
        return 0
    calm = known is None or (known.agreed_since is not None and elapsed(known.agreed_since, scene.now) >= CALM_SECONDS)
    return 1 if calm or known is None else min(known.restores, MOST_RESTORES) + 1


def _agreed(scene: Scene, known: AliasEdit | None) -> Plan | None:
    live = scene.live
    if known is None or known.agreed_since is not None or live is None or scene.seen.registry.problem:
        return None
    if pointed(scene) != live.spec.model.version:
        return None
    edit = known.model_copy(update={"agreed_since": stamp(scene.now)})
    return Plan(facts=scene.seen.release.status.model_copy(update={"alias_edit": edit}), again=0.0)
