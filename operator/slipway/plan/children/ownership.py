"""deletionPolicy: whether the release's children go with it. It may be changed at any time."""

from __future__ import annotations

from slipway.api.policy import DeletionPolicy
from slipway.plan.situation.scene import Scene
from slipway.plan.writing.actions import Own, Plan
from slipway.render.meta import release_owner


def adopt(scene: Scene) -> Plan | None:
    """Bring one child's owner reference in line with the deletion policy."""
    wanted = scene.seen.release.spec.deletion_policy is DeletionPolicy.DELETE
    for kind, name, uid, owned in scene.seen.children:
        if owned is not wanted:
            return Plan(Own(kind, name, uid, tuple(release_owner(scene.seen.release))), again=0.0)
    return None
