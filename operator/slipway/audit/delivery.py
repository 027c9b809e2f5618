"""From the outboxes in the objects' status to the audit log's recorder.

It gets every entry at least once, says up to which one it has them for good, and never makes anybody wait. What it has
is dropped from what is planned on, so that the next write that comes anyway takes it out of the
object; no write is made for that alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from slipway.api.actors import SLIPWAY, UNVERIFIED
from slipway.api.outbox import Entry
from slipway.api.reasons import decisions
from slipway.api.release import ModelRelease
from slipway.api.revision import ModelRevision
from slipway.audit.record import Letter, Source
from slipway.audit.recorder import Recorder
from slipway.plan.writing.outbox import started
from slipway.words.times import stamp

Owner = TypeVar("Owner", ModelRelease, ModelRevision)


def pending(recorder: Recorder, owner: Owner) -> Owner:
    """`owner` with only those entries in its outbox that the recorder may not have yet."""
    outbox = owner.status.outbox
    if not outbox:
        return owner
    had = recorder.acked(owner.metadata.uid)
    kept = tuple(entry for entry in outbox if entry.seq > had)
    return owner.model_copy(update={"status": owner.status.model_copy(update={"outbox": kept})})


def deliver(recorder: Recorder, release: ModelRelease, revisions: Iterable[ModelRevision]) -> None:
    """Offer what lies in the outboxes of `release` and its `revisions`."""
    name = release.metadata.name
    found = letters(name, release) + [letter for revision in revisions for letter in letters(name, revision)]
    if found:
        recorder.offer(found)


def letters(release: str, owner: ModelRelease | ModelRevision) -> list[Letter]:
    """What lies in the outbox of `owner`, which belongs to `release`."""
    source = Source(owner.metadata.namespace, release, owner.metadata.uid)
    return [Letter(source, entry) for entry in owner.status.outbox]


def last_words(manifest: Mapping[str, Any], now: datetime) -> list[Letter]:
    """What lay in the outbox of a deleted ModelRelease or ModelRevision, and that it was deleted.

    Raises pydantic.ValidationError for an object that today's schema would not admit.
    """
    is_release = manifest["kind"] == "ModelRelease"
    owner = ModelRelease.parse(dict(manifest)) if is_release else ModelRevision.parse(dict(manifest))
    if isinstance(owner, ModelRevision):  # one that was never written was told of all the same
        owner = owner.model_copy(update={"status": started(owner)})
    release = owner.metadata.name if isinstance(owner, ModelRelease) else owner.spec.release
    deleted = Entry(
        seq=owner.status.recorded + 1,
        at=owner.metadata.deletion_timestamp or stamp(now),
        action=decisions.DELETED,
        revision="" if is_release else owner.metadata.name,
        actor=SLIPWAY if isinstance(owner, ModelRevision) and owner.status.expired_at else UNVERIFIED,
        reason=f"{manifest['kind']} {owner.metadata.name} was deleted",
    )
    left = letters(release, owner)
    return [*left, Letter(Source(owner.metadata.namespace, release, owner.metadata.uid), deleted)]
