"""A revision's Deployment: an init container that fetches and verifies, a server that has no credentials."""

from __future__ import annotations

from typing import Any

from slipway.api.base import seconds
from slipway.api.revision import ModelRevision
from slipway.render.meta import Manifest, metadata, revision_owner
from slipway.render.pods import CONTAINER_SECURITY, POD_SECURITY, env
from slipway.settings import Registry
from slipway.words import names
from slipway.words.canonical import digest_of
from slipway_contract import environment, paths

MODEL_DIR = "/model"
PIN_DIR = "/pin"
PIN_KEY = "digest"
LAME_DUCK_SECONDS = 5
GRACE_SECONDS = 30


def deployment(revision: ModelRevision, registry: Registry, replicas: int | None) -> Manifest:
    """The Deployment of `revision` with `replicas` pods; None leaves their number to whoever chose it.

    Its template depends on the revision alone once it exists.
    """
    release, spec = revision.spec.release, revision.spec
    labels = names.revision_labels(release, revision.name, spec.model.version)
    template = pod_template(revision, registry)
    source = {names.TEMPLATE_ANNOTATION: digest_of(template), names.REGISTRY_ANNOTATION: _lent(registry)}
    meta = metadata(revision.name, revision.metadata.namespace, labels, revision_owner(revision))
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {**meta, "annotations": source},
        "spec": {
            **({} if replicas is None else {"replicas": replicas}),
            "minReadySeconds": spec.server.config.min_ready_seconds,
            "revisionHistoryLimit": 0,
            "selector": {"matchLabels": names.selector(release, revision.name)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "template": template,
        },
    }


def _lent(registry: Registry) -> str:
    """Hash of the registry's settings that go into pods."""
    return digest_of([registry.url, registry.credentials_secret, _trust(registry)])


def pod_template(revision: ModelRevision, registry: Registry) -> Manifest:
    """The pods of `revision`."""
    release, config = revision.spec.release, revision.spec.server.config.pod_template
    labels = names.revision_labels(release, revision.name, revision.spec.model.version)
    spec: Manifest = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": POD_SECURITY,
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "initContainers": [fetch_container(revision, registry)],
        "containers": [_serve(revision, registry)],
        "volumes": model_volumes(revision),
        "topologySpreadConstraints": [_spread(names.selector(release, revision.name))],
    }
    spec |= _scheduling(revision)
    return {
        "metadata": {
            "labels": {**config.labels, **labels, "app.kubernetes.io/component": "server"},
            "annotations": dict(config.annotations),
        },
        "spec": spec,
    }


def model_volumes(revision: ModelRevision) -> list[Manifest]:
    """Where the artifacts go, and the digest that they are held to."""
    return [
        {"name": "model", "emptyDir": {}},
        {"name": "tmp", "emptyDir": {}},
        {"name": "pin", "configMap": {"name": names.pin_config_map(revision.name), "optional": True}},
    ]


def fetch_container(revision: ModelRevision, registry: Registry) -> Manifest:
    """The init container that fetches the artifacts and verifies their digest."""
    model = revision.spec.model
    args = ["fetch", "--model", f"models:/{model.name}/{model.version}", "--out", MODEL_DIR]
    args += ["--pin-file", f"{PIN_DIR}/{PIN_KEY}", "--report", "/dev/termination-log", "--libraries"]
    args += ["--expect-digest", model.digest] if model.digest else []
    container: Manifest = {
        "name": "fetch",
        "image": revision.spec.server.native_image,
        "command": ["slipway-server"],
        "args": args,
        "env": env({"MLFLOW_TRACKING_URI": registry.url, "HOME": "/tmp", **_trust(registry)}),
        "resources": revision.spec.server.config.resources.wire(),
        "securityContext": CONTAINER_SECURITY,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [_mount("model", MODEL_DIR), _mount("tmp", "/tmp"), _mount("pin", PIN_DIR, read_only=True)],
    }
    if registry.credentials_secret:
        container["envFrom"] = [{"secretRef": {"name": registry.credentials_secret}}]
    return container


def _serve(revision: ModelRevision, registry: Registry) -> Manifest:
    config = revision.spec.server.config
    return {
        "name": "server",
        "image": revision.spec.server.image,
        "command": ["slipway-server"],
        "args": ["serve", "--model", MODEL_DIR, "--port", str(paths.PORT), *_workers(config.workers)],
        "env": _serving_env(revision, registry),
        "ports": [{"name": "http", "containerPort": paths.PORT, "protocol": "TCP"}],
        "resources": config.resources.wire(),
        "securityContext": CONTAINER_SECURITY,
        "startupProbe": _probe(paths.READY, period=1, failures=600),
        "readinessProbe": _probe(paths.READY, period=1, failures=2),
        "livenessProbe": _probe(paths.ALIVE, period=5, failures=3),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [_mount("model", MODEL_DIR, read_only=True), _mount("tmp", "/tmp")],
    }


def _workers(workers: int | None) -> list[str]:
    return [] if workers is None else ["--workers", str(workers)]


def _serving_env(revision: ModelRevision, registry: Registry) -> list[dict[str, Any]]:
    """What the release adds, and Slipway's own, which nobody overrides: least of all what its registry allows."""
    ours = env(_identity(revision) | _trust(registry))
    reserved = {variable["name"] for variable in ours}
    added = (variable.wire() for variable in revision.spec.server.config.pod_template.env)
    return [*(variable for variable in added if variable["name"] not in reserved), *ours]


def _identity(revision: ModelRevision) -> dict[str, str | None]:
    latency = revision.spec.policy.slo.latency
    return {
        environment.MODEL_NAME: revision.spec.model.name,
        environment.MODEL_VERSION: revision.spec.model.version,
        environment.REVISION: revision.name,
        environment.LATENCY_THRESHOLD_SECONDS: f"{seconds(latency.p95):g}",
        environment.LATENCY_MAX_ROWS: None if latency.max_rows is None else str(latency.max_rows),
        environment.LAME_DUCK_SECONDS: str(LAME_DUCK_SECONDS),
        "HOME": "/tmp",
    }


def _trust(registry: Registry) -> dict[str, str | None]:
    """Said either way: what a Secret or the release says of it does not count then."""
    return {
        environment.ALLOW_CODE: str(registry.allow_code).lower(),
        environment.ALLOW_PICKLE: str(registry.allow_pickle).lower(),
    }


def _scheduling(revision: ModelRevision) -> Manifest:
    template = revision.spec.server.config.pod_template.wire()
    keys = ("nodeSelector", "tolerations", "affinity", "priorityClassName")
    return {key: template[key] for key in keys if template.get(key)}


def _probe(path: str, period: int, failures: int) -> Manifest:
    return {
        "httpGet": {"path": path, "port": "http"},
        "periodSeconds": period,
        "timeoutSeconds": 2,
        "failureThreshold": failures,
    }


def _mount(name: str, path: str, read_only: bool = False) -> dict[str, Any]:
    mount: dict[str, Any] = {"name": name, "mountPath": path}
    return {**mount, "readOnly": True} if read_only else mount


def _spread(labels: dict[str, str]) -> Manifest:
    return {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": labels},
    }


def pin(revision: ModelRevision, digest: str) -> Manifest:
    """The ConfigMap that holds later pods of `revision` to the digest that its first pod saw."""
    labels = names.revision_labels(revision.spec.release, revision.name, revision.spec.model.version)
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata(
            names.pin_config_map(revision.name), revision.metadata.namespace, labels, revision_owner(revision)
        ),
        "immutable": True,
        "data": {PIN_KEY: digest},
    }
