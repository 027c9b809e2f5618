"""A revision's Deployment: made, given another number of pods, or mended. One that exists keeps its pod template.

What a newer operator would render differently waits for the next revision: an upgrade restarts no pod.
"""

from __future__ import annotations

from slipway.api.revision import ModelRevision
from slipway.plan.situation.observed import Deployment
from slipway.plan.situation.scene import Scene
from slipway.plan.writing.actions import Apply, Resize
from slipway.render.deployment import deployment
from slipway.render.drift import differs
from slipway.render.meta import Manifest
from slipway.words.names import REGISTRY_ANNOTATION, TEMPLATE_ANNOTATION


def sized(scene: Scene, revision: ModelRevision, pods: int) -> Apply | Resize | None:
    """What gives `revision` that many `pods`. None: it has no Deployment, and its registry is no longer configured.

    One without pods is rendered anew where its registry's settings have changed since: it has to fetch again.
    """
    current, wanted = scene.seen.deployments.get(revision.name), rendered(scene, revision, pods)
    if current is not None and (wanted is None or current.replicas > 0 or not _moved(current, wanted)):
        return Resize("Deployment", current.name, current.uid, pods)
    return None if wanted is None else Apply(wanted)


def mended(scene: Scene, revision: ModelRevision, pods: int | None) -> Apply | Resize | None:
    """What makes the Deployment of `revision`, undoes an edit by hand, or follows its registry; None where it is fine.

    Only for one that serves nobody yet: all but the first restart its pods.
    """
    current, wanted = scene.seen.deployments.get(revision.name), rendered(scene, revision, pods)
    if wanted is None or (current is not None and not differs(wanted["spec"], current.manifest.get("spec"))):
        return None
    if current is None or _moved(current, wanted) or _noted(current, wanted, TEMPLATE_ANNOTATION):
        return Apply(wanted)
    return None if pods in (None, current.replicas) else Resize("Deployment", current.name, current.uid, pods or 0)


def rendered(scene: Scene, revision: ModelRevision, pods: int | None) -> Manifest | None:
    """The Deployment of `revision` as this operator makes it; None where its registry is no longer configured."""
    registry = scene.seen.settings.registries.get(revision.spec.model.registry)
    return None if registry is None else deployment(revision, registry, pods)


def _noted(current: Deployment, wanted: Manifest, annotation: str) -> bool:
    """Whether the two say the same of what they were rendered from."""
    there = current.manifest.get("metadata", {}).get("annotations") or {}
    return bool(there.get(annotation) == wanted["metadata"]["annotations"][annotation])


def _moved(current: Deployment, wanted: Manifest) -> bool:
    """Whether the registry's settings are others than it was rendered with, as far as that is on record."""
    there = current.manifest.get("metadata", {}).get("annotations") or {}
    return REGISTRY_ANNOTATION in there and not _noted(current, wanted, REGISTRY_ANNOTATION)
