"""READ FIRST: the whole operator is this loop.

    observe (live reads) → plan (pure: what is seen, now → one action) → status (one write, first) → act (one write)

Nothing is remembered between two passes but what the API server has, so a crash is never worse than a pause: every
crash point lies before or after one atomic write. State advances on what is seen, never because something was asked
for: a flip that was issued is believed when the Service's selector is seen to have moved.

The status is written before the action, because it carries the intent: a rollback that was decided is on record before
production moves. Each write carries the audit records of what it changes, in an outbox; `deliver` hands what is seen
there to the audit store, and waits for nobody.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from slipway import audit
from slipway.act import actions as act
from slipway.act import events
from slipway.api.base import API_VERSION
from slipway.api.release import ModelRelease
from slipway.api.release_status import ReleaseStatus
from slipway.cluster.port import ClusterError
from slipway.context.context import Context
from slipway.context.refusals import OWN_STATUS
from slipway.observe.release import observe
from slipway.plan.planner import plan
from slipway.plan.situation.scene import Scene
from slipway.plan.writing.actions import Action, Decision, Plan, subject
from slipway.registry.protocol import RegistryError
from slipway.status.release import decisions, project, recorded_already


async def reconcile(context: Context, namespace: str, name: str) -> float | None:
    """One pass over the release `namespace`/`name`. Returns after how many seconds to look again; None: on a change.

    Raises ClusterError and RegistryError, which the queue answers with another pass later, and
    pydantic.ValidationError for an object that it cannot read.
    """
    now = context.now()
    seen = await observe(context, namespace, name, now)
    if seen is None:
        context.instruments.forget((namespace, name))
        context.refusals.forget((namespace, name))
        return None
    audit.deliver(context.recorder, seen.release, seen.revisions)
    decided, scene = _shown(context, (namespace, name), plan(seen, now)), Scene(seen, now)
    status = project(scene, decided)
    with context.refusals.attempt((namespace, name), OWN_STATUS):
        await _write_status(context, seen.release, status)
    try:
        await _carry_out(context, (namespace, name), decided.action)
    except (ClusterError, RegistryError):
        await _tell(context, seen.release, recorded_already(seen, status, decided), (now, decided.step))
        raise
    context.instruments.passed(scene, status, decided)
    await _tell(context, seen.release, decisions(seen, status, decided), (now, decided.step))
    return decided.again


def _shown(context: Context, key: tuple[str, str], decided: Plan) -> Plan:
    """`decided`, with what has been refused too often as a stall: it is tried again all the same."""
    if decided.action is None and decided.facts is None:
        context.refusals.rested(key)
    return replace(decided, stalled=decided.stalled or context.refusals.stalled(key))


async def _write_status(context: Context, release: ModelRelease, status: ReleaseStatus) -> None:
    """Write the status if it says anything new; Conflict if the release changed since it was read."""
    if status == release.status:
        return
    meta = release.metadata
    manifest = {
        "apiVersion": API_VERSION,
        "kind": "ModelRelease",
        "metadata": {"name": meta.name, "namespace": meta.namespace, "resourceVersion": meta.resource_version},
        "spec": {},
        "status": status.wire(),
    }
    await context.cluster.replace_status(manifest)


async def _carry_out(context: Context, key: tuple[str, str], action: Action | None) -> None:
    """Do what was decided; that it is refused is remembered."""
    if action is not None:
        with context.refusals.attempt(key, subject(action)):
            await act.act(context, key[0], action)


async def _tell(
    context: Context, release: ModelRelease, decided: tuple[Decision, ...], when: tuple[datetime, str | None]
) -> None:
    """Decisions, once their write went through: lines of the log and Events. Their records lie in the outboxes."""
    now, step = when
    for decision in decided:
        audit.log_decision(release, decision, now, step)
        await events.emit(context.cluster, release, decision, now)
