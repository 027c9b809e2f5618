"""The Job that runs a gate beside the staged pods: restricted, without a token, with a deadline."""

from __future__ import annotations

import json
from dataclasses import dataclass

from slipway.api.base import seconds
from slipway.api.gates.specs import CustomGate, MetricGate, SmokeGate
from slipway.api.revision import ModelRevision
from slipway.render.deployment import MODEL_DIR, fetch_container, model_volumes
from slipway.render.meta import Manifest, metadata, revision_owner
from slipway.render.pods import CONTAINER_SECURITY, POD_SECURITY, env
from slipway.settings import Registry
from slipway.words import names

RESOURCES = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "1Gi"}}
REQUESTS_DIR = "/requests"
GRACE_SECONDS = 60
"""A built-in gate keeps its own timeout and says so; the Job's deadline, somewhat later, is for one that hangs."""

END_SECONDS = 5
"""A gate that is told to end has nothing left to do: its Job has failed only when its pod is gone."""

KEPT_SECONDS = 24 * 3600
"""A finished Job stays for so long, at most as long as its revision: the evidence names it, and its pod has the log."""

JobGateSpec = SmokeGate | MetricGate | CustomGate


@dataclass(frozen=True)
class GateRun:
    """One run of a gate."""

    name: str
    """Name of the gate's result."""
    spec: JobGateSpec
    attempt: int
    image: str
    """Image of the built-in gates."""
    registry: Registry
    production: str | None
    """Identity of the production that it compares with; None: it looks at the candidate alone."""


def gate_job(run: GateRun, candidate: ModelRevision, production: ModelRevision | None) -> Manifest:
    """The Job of `run`, told by environment variables what to measure."""
    labels = names.revision_labels(candidate.spec.release, candidate.name, candidate.spec.model.version)
    labels |= {names.GATE_LABEL: names.gate_label(run.name), "app.kubernetes.io/component": "gate"}
    name = names.gate_job(candidate.name, run.name, run.attempt)
    spec: Manifest = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "restartPolicy": "Never",
        "securityContext": POD_SECURITY,
        "terminationGracePeriodSeconds": END_SECONDS,
        "containers": [_container(run, candidate, production)],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }
    _mount_inputs(spec, run, candidate)
    grace = 0 if isinstance(run.spec, CustomGate) else GRACE_SECONDS
    meta = metadata(name, candidate.metadata.namespace, labels, revision_owner(candidate))
    if run.production:
        meta["annotations"] = {names.PRODUCTION_ANNOTATION: run.production}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": meta,
        "spec": {
            "backoffLimit": 0,
            "ttlSecondsAfterFinished": KEPT_SECONDS,
            "activeDeadlineSeconds": max(1, round(seconds(run.spec.timeout)) + grace),
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def _container(run: GateRun, candidate: ModelRevision, production: ModelRevision | None) -> Manifest:
    container: Manifest = {
        "name": "gate",
        "image": run.image,
        "env": env(environment(run, candidate, production)),
        "resources": RESOURCES,
        "securityContext": CONTAINER_SECURITY,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }
    if not isinstance(run.spec, CustomGate):
        module = "smoke" if isinstance(run.spec, SmokeGate) else "rescore"
        return {**container, "command": ["python", "-m", f"slipway.jobs.{module}"]}
    job = run.spec.job
    theirs = [variable.wire() for variable in job.env if not variable.name.startswith("SLIPWAY_")]
    container |= {"image": job.image, "resources": job.resources.wire(), "env": [*theirs, *container["env"]]}
    container |= {key: list(value) for key, value in (("command", job.command), ("args", job.args)) if value}
    return container


def _mount_inputs(pod: Manifest, run: GateRun, candidate: ModelRevision) -> None:
    """What the gate reads: the candidate's verified artifacts, or requests of the user's own."""
    container = pod["containers"][0]
    if isinstance(run.spec, MetricGate):
        pod["initContainers"] = [fetch_container(candidate, run.registry)]
        pod["volumes"] = model_volumes(candidate)
        container["volumeMounts"].append({"name": "model", "mountPath": MODEL_DIR, "readOnly": True})
    elif isinstance(run.spec, SmokeGate) and run.spec.requests_from:
        source = run.spec.requests_from
        pod["volumes"].append({"name": "requests", "configMap": {"name": source.config_map}})
        container["volumeMounts"].append({"name": "requests", "mountPath": REQUESTS_DIR, "readOnly": True})
        container["env"] += env({"SLIPWAY_REQUESTS_FILE": f"{REQUESTS_DIR}/{source.key}"})


def environment(run: GateRun, candidate: ModelRevision, production: ModelRevision | None) -> dict[str, str | None]:
    """What every gate is told: itself, the candidate, and production where there is one."""
    values: dict[str, str | None] = {
        "SLIPWAY_GATE_NAME": run.name,
        "SLIPWAY_GATE": json.dumps(run.spec.wire(), sort_keys=True),
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
