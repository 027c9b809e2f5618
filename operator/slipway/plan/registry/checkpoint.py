"""Once a revision has come to rest, a signed checkpoint of the audit log goes where the audit store does not reach.

The registry's tag is written first and the annotation last: seeing the annotation means that both are there. So an
outage of the registry or of the store puts it off, a crash repeats it, and nothing is written at rest.
"""

from __future__ import annotations

import json

from slipway.api.revision import ModelRevision
from slipway.plan.situation.phases import IN_FLIGHT
from slipway.plan.situation.scene import Scene
from slipway.plan.writing.actions import Checkpoint, Plan
from slipway.words import names

RETRY_SECONDS = 2.0


def checkpoint(scene: Scene) -> Plan | None:
    """Write the checkpoint that covers the newest record of one revision, when everything is stored."""
    seen = scene.seen
    if not seen.settings.audit.key or seen.registry.problem or seen.release.status.outbox:
        return None
    for revision in seen.revisions:
        if revision.status.phase not in IN_FLIGHT and not revision.status.outbox and not _covered(revision):
            model = revision.spec.model
            registry = model.registry if model.registry in seen.settings.registries else None
            return Plan(
                Checkpoint(revision.name, covers(revision), registry, model.name, model.version), again=RETRY_SECONDS
            )
    return None


def covers(revision: ModelRevision) -> str:
    """The newest entry of `revision`, as a checkpoint names it."""
    return f"{revision.metadata.uid}/{revision.status.recorded}"


def _covered(revision: ModelRevision) -> bool:
    text = revision.metadata.annotations.get(names.CHECKPOINT_ANNOTATION)
    if not revision.status.recorded:
        return True
    try:
        return bool(json.loads(text or "{}").get("covers") == covers(revision))
    except (ValueError, AttributeError):
        return False
