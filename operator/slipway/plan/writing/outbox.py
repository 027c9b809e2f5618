"""Pure: how a decision becomes an entry of an outbox, in the same write as the change that it reports."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

import rfc8785

from slipway.api.actors import written
from slipway.api.gates.verdict import GateResult
from slipway.api.outbox import CAPACITY, FORWARD_LIMIT, Entry
from slipway.api.reasons import decisions
from slipway.api.release_status import ReleaseStatus
from slipway.api.revision import ModelRevision, RevisionStatus
from slipway.plan.situation.scene import Scene
from slipway.plan.writing.actions import Decision, Plan, WriteRevision
from slipway.words.canonical import sorted_json
from slipway.words.times import stamp

StatusT = TypeVar("StatusT", ReleaseStatus, RevisionStatus)

OMITTED = "omitted"
"""Detail that counts the entries for which there was no room left."""
_OWN_FIELDS = frozenset({"from", "to"})


def recorded(scene: Scene, plan: Plan) -> Plan:
    """`plan` with its decision in an outbox: the one place where a decision becomes an entry.

    The entry lies in the status that keeps the decision from being made again: the revision's, or the release's facts.
    That a revision starts is the first entry of its own outbox: see `started`.
    """
    decision, action = plan.decision, plan.action
    if decision is None:
        return plan
    about = scene.seen.revision(decision.revision)
    if isinstance(action, WriteRevision):
        about = about.model_copy(update={"status": action.status}) if about else None
        return replace(plan, action=replace(action, status=posted(action.status, decision, scene.now, about)))
    return replace(plan, facts=posted(plan.facts, decision, scene.now, about)) if plan.facts else plan


def posted(status: StatusT, decision: Decision, at: datetime | str, revision: ModelRevision | None) -> StatusT:
    """`status` with the entry of `decision`, which is about `revision`."""
    seq = status.recorded + 1
    entry = _entry(seq, decision, at if isinstance(at, str) else stamp(at), revision)
    return status.model_copy(update={"outbox": _with(status.outbox, entry), "recorded": seq})


def _with(outbox: tuple[Entry, ...], entry: Entry) -> tuple[Entry, ...]:
    """Ways back are never held up: where even their reserve is used up, the newest entry stands for those before it."""
    if len(outbox) < CAPACITY:
        return (*outbox, entry)
    omitted = int(outbox[-1].details.get(OMITTED, "0")) + 1
    details = {**entry.details, OMITTED: str(omitted)}
    return (*outbox[:-1], entry.model_copy(update={"details": details}))


def _entry(seq: int, decision: Decision, at: str, revision: ModelRevision | None) -> Entry:
    details = {k: _text(v) for k, v in decision.details.items() if v is not None and k not in _OWN_FIELDS}
    return Entry(
        seq=seq,
        at=at,
        action=decision.action[:128],
        revision=decision.revision[:128],
        digests=digests(revision) if revision else {},
        actor=decision.actor[:1024],
        reason=decision.message[:1024],
        from_=_cut(decision.details.get("from")),
        to=_cut(decision.details.get("to")),
        effect=decision.effect,
        outcome=decision.outcome,
        details=dict(list(details.items())[:30]),
        evidence=dict(decision.evidence),
    )


def digests(revision: ModelRevision) -> dict[str, str]:
    """What identifies the bundle: its artifacts, its pod configuration, its policy."""
    found = {"model": revision.digest, "serving": revision.spec.serving_hash, "policy": revision.spec.policy_hash}
    return {name: digest for name, digest in found.items() if digest}


def started(revision: ModelRevision) -> RevisionStatus:
    """The status of `revision` with its first entry: that it was made. The ModelRevision itself was the intent."""
    if revision.status.recorded:
        return revision.status
    intake, version = revision.spec.intake, revision.spec.model.version
    why = f"alias {intake.alias} points at it" if intake.alias else "spec.model.candidate.version names it"
    decision = Decision(
        action=decisions.STARTED,
        revision=revision.name,
        message=f"version {version} starts as {revision.name}: {why}",
        actor=written(intake.actor),
        details={"to": revision.status.phase.value, "version": version, "runId": revision.spec.model.run_id},
    )
    return posted(revision.status, decision, revision.metadata.creation_timestamp or intake.since, revision)


def hashes(results: Iterable[GateResult]) -> dict[str, str]:
    """Name of each gate → SHA-256 of its result."""
    return {result.name[:64]: sha256(result.wire()) for result in results}


def sha256(value: Mapping[str, Any]) -> str:
    """SHA-256 over canonical JSON (RFC 8785); numbers that it has no form for (NaN, 2^53) as Python writes them."""
    try:
        canonical = rfc8785.dumps(dict(value))
    except rfc8785.CanonicalizationError:
        canonical = sorted_json(value).encode()
    return hashlib.sha256(canonical).hexdigest()


def backlog(waiting: Iterable[tuple[Entry, ...]]) -> str | None:
    """Why nothing may be promoted: the audit store has been away for too long. None while there is room."""
    longest = max(map(len, waiting), default=0)
    if longest < FORWARD_LIMIT:
        return None
    return (
        f"{longest} audit records are queued because the audit store is unavailable: promotions are "
        "suspended, rollbacks are not"
    )


def _text(value: Any) -> str:
    return (value if isinstance(value, str) else json.dumps(value, default=str))[:1024]


def _cut(value: Any) -> str | None:
    return None if value is None else str(value)[:128]
