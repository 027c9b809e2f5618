"""A revision's HorizontalPodAutoscaler, where the release asks for one."""

from __future__ import annotations

from slipway.api.revision import ModelRevision
from slipway.api.workload import Autoscaling
from slipway.render.meta import Manifest, metadata, revision_owner
from slipway.words import names


def autoscaler(revision: ModelRevision, wanted: Autoscaling) -> Manifest:
    """The autoscaler of `revision`'s Deployment, with its name."""
    labels = names.revision_labels(revision.spec.release, revision.name, revision.spec.model.version)
    target = {"type": "Utilization", "averageUtilization": wanted.target_cpu_utilization}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata(revision.name, revision.metadata.namespace, labels, revision_owner(revision)),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": revision.name},
            "minReplicas": wanted.min_replicas,
            "maxReplicas": wanted.max_replicas,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
        },
    }
