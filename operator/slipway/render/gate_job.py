"""The Job that runs a gate beside the staged pods: restricted, without a token, with a deadline."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from slipway import names
from slipway.api.revision import ModelRevision
from slipway.render.meta import Manifest, metadata, revision_owner
from slipway.render.pods import CONTAINER_SECURITY, POD_SECURITY, env

RESOURCES = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "1Gi"}}


@dataclass(frozen=True)
class GateRun:
    """One run of a gate."""

    gate: str
    module: str
    """Module of `slipway.jobs` that runs it."""
    image: str
    config: dict[str, Any]
    """The gate's part of the spec, as on the wire."""
    timeout_seconds: float
    attempt: int


def gate_job(run: GateRun, candidate: ModelRevision, production: ModelRevision | None) -> Manifest:
    """The Job of `run`, told by environment variables what to measure."""
    release, namespace = candidate.spec.release, candidate.metadata.namespace
    labels = names.revision_labels(release, candidate.name, candidate.spec.model.version)
    labels |= {names.GATE_LABEL: run.gate.replace("/", "-"), "app.kubernetes.io/component": "gate"}
    name = names.gate_job(candidate.name, run.gate, run.attempt)
    container = {
        "name": "gate",
        "image": run.image,
        "command": ["python", "-m", f"slipway.jobs.{run.module}"],
        "env": env(environment(run, candidate, production)),
        "resources": RESOURCES,
        "securityContext": CONTAINER_SECURITY,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }
    pod = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "restartPolicy": "Never",
        "securityContext": POD_SECURITY,
        "containers": [container],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata(name, namespace, labels, revision_owner(candidate)),
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": max(1, round(run.timeout_seconds)),
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def environment(run: GateRun, candidate: ModelRevision, production: ModelRevision | None) -> dict[str, str | None]:
    """What every gate is told: itself, the candidate, and production where there is one."""
    values: dict[str, str | None] = {
        "SLIPWAY_GATE_NAME": run.gate,
        "SLIPWAY_GATE": json.dumps(run.config, sort_keys=True),
        "HOME": "/tmp",
    }
    for side, revision in (("CANDIDATE", candidate), ("PRODUCTION", production)):
        if revision is not None:
            values |= {
                f"SLIPWAY_{side}_URL": f"http://{revision.name}.{revision.metadata.namespace}.svc:{names.SERVICE_PORT}",
                f"SLIPWAY_{side}_REVISION": revision.name,
                f"SLIPWAY_{side}_VERSION": revision.spec.model.version,
                f"SLIPWAY_{side}_DIGEST": revision.digest,
            }
    return values
