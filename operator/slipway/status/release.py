"""Pure: what was seen and planned → the status that people read and wait on. Computed whole on every pass."""

from __future__ import annotations

from slipway.api.reasons import phases
from slipway.api.release_status import Hold, Rejected, ReleaseStatus, RevisionRef, TrafficShare
from slipway.api.revision import ModelRevision, Phase
from slipway.api.traffic import Router
from slipway.plan.situation.hold import held
from slipway.plan.situation.observed import Observed
from slipway.plan.situation.scene import Scene
from slipway.plan.writing.actions import Decision, Plan
from slipway.plan.writing.outbox import posted
from slipway.status.conditions import conditions
from slipway.status.notices import notices
from slipway.words.times import stamp


def project(scene: Scene, plan: Plan) -> ReleaseStatus:
    """The release's status. The facts come from `plan` where it changes them, all else from what was seen."""
    release = scene.seen.release
    facts = plan.facts or release.status
    live, candidate, previous = scene.live, scene.candidate, scene.previous
    numbers = [facts.last_revision, *(revision.spec.number for revision in scene.seen.revisions)]
    status = facts.model_copy(
        update={
            "observed_generation": release.metadata.generation,
            "phase": _phase(scene, plan),
            "message": _message(scene, plan),
            "weight": scene.share(candidate) if candidate else None,
            "gate": _gate(scene),
            "live": _ref(live, live.status.flipped_at) if live else facts.live,
            "candidate": _ref(candidate, candidate.metadata.creation_timestamp) if candidate else None,
            "previous": _ref(previous, previous.status.replaced_at) if previous else None,
            "router": _router(scene),
            "traffic": _traffic(scene),
            "hold": _hold(scene, facts),
            "rejected": _rejected(scene),
            "last_revision": max(numbers),
            "conditions": conditions(scene, plan, release.status.conditions),
        }
    )
    for notice in notices(scene.seen, status):
        status = posted(status, notice, scene.now, scene.seen.revision(notice.revision))
    return status


def decisions(seen: Observed, after: ReleaseStatus, plan: Plan) -> tuple[Decision, ...]:
    """What this pass decided: the plan's decision, and what shows in the conditions alone."""
    return (*((plan.decision,) if plan.decision else ()), *notices(seen, after))


def recorded_already(seen: Observed, after: ReleaseStatus, plan: Plan) -> tuple[Decision, ...]:
    """Those that are on record once the status is written, whatever becomes of the plan's action."""
    return tuple(each for each in decisions(seen, after, plan) if each is not plan.decision or plan.facts is not None)


def _router(scene: Scene) -> Router:
    """Gateway from before its route is made until after it is gone: so long the route has to be looked for."""
    return Router.GATEWAY if scene.route is not None else scene.seen.release.spec.traffic.router


def _traffic(scene: Scene) -> tuple[TrafficShare, ...]:
    """What each revision is given, and what it got of the requests that were counted in the canary's step."""
    known = {name: share for name, share in scene.shares.items() if scene.seen.revision(name) is not None}
    canary = scene.candidate.status.canary if scene.candidate else None
    got: dict[str, float] = {}
    if scene.candidate is not None and canary is not None and canary.of > 0:
        got[scene.candidate.name] = round(100 * canary.requests / canary.of, 2)
        got[canary.against] = round(100 - got[scene.candidate.name], 2)
    return tuple(TrafficShare(revision=n, weight=share, observed=got.get(n)) for n, share in known.items())[:8]


def _phase(scene: Scene, plan: Plan) -> str:
    if plan.stalled:
        return phases.STALLED
    if scene.flying:
        return scene.flying.status.phase.value
    if scene.live and scene.live.status.phase is Phase.WATCHING:
        return Phase.WATCHING.value
    if held(scene):
        return phases.HELD
    return Phase.LIVE.value if scene.live else phases.IDLE


def _message(scene: Scene, plan: Plan) -> str | None:
    if plan.stalled:
        return plan.stalled[1][:1024]
    if plan.waiting:
        return plan.waiting[:1024]
    newest = scene.seen.revisions[-1] if scene.seen.revisions else None
    return f"{newest.name}: {newest.status.message}"[:1024] if newest and newest.status.message else None


def _gate(scene: Scene) -> str | None:
    """The verdict of the newest attempt that decided last or worst."""
    newest = scene.seen.revisions[-1] if scene.seen.revisions else None
    results = newest.status.gates if newest else ()
    worst = next((result for result in results if result.blocks), results[-1] if results else None)
    return f"{worst.name}: {worst.verdict.value}" if worst else None


def _ref(revision: ModelRevision, since: str | None) -> RevisionRef:
    return RevisionRef(revision=revision.name, version=revision.spec.model.version, digest=revision.digest, since=since)


def _hold(scene: Scene, facts: ReleaseStatus) -> Hold | None:
    why = held(scene)
    if why is None:
        return None
    reason, message = why
    since = facts.hold.since if facts.hold and facts.hold.reason is reason else stamp(scene.now)
    return Hold(reason=reason, message=message, since=since)


def _rejected(scene: Scene) -> tuple[Rejected, ...]:
    """The attempts that stand against the wanted version now."""
    return tuple(
        Rejected(
            version=revision.spec.model.version,
            digest=revision.digest,
            revision=revision.name,
            outcome=revision.status.phase.value,
            reason=revision.status.reason or "Unknown",
            message=revision.status.message or "",
            retry=revision.spec.intake.retry,
        )
        for revision in scene.seen.revisions
        if scene.stands(revision)
    )[-16:]
