"""Names and labels of everything that Slipway makes: deterministic, so that a crash never makes a second one."""

from __future__ import annotations

import hashlib
import re

Key = tuple[str, str]
"""Namespace and name of a release."""

MANAGER = "slipway"
RELEASE_LABEL = "slipway.dev/release"
REVISION_LABEL = "slipway.dev/revision"
VERSION_LABEL = "slipway.dev/model-version"
GATE_LABEL = "slipway.dev/gate"
MANAGED_BY = "app.kubernetes.io/managed-by"
PRODUCTION_ANNOTATION = "slipway.dev/compared-with"
CHECKPOINT_ANNOTATION = "slipway.dev/checkpoint"
CHECKPOINT_TAG = "slipway.checkpoint"
GATEWAY_ANNOTATION = "slipway.dev/gateway"
"""Digest of the spec.traffic.gateway that a route was made from."""
RENDERED_ANNOTATION = "slipway.dev/rendered"
"""Hash of what the operator made of an object: it writes again when it would make something else."""
TEMPLATE_ANNOTATION = "slipway.dev/template"
"""Hash of a Deployment's pod template as the operator rendered it: another one comes from another operator."""
REGISTRY_ANNOTATION = "slipway.dev/registry"
"""Hash of the registry's settings that are in a Deployment's pods."""

LONGEST_JOB = 58
"""A Job's name is a label of its pods: 63 characters with the attempt."""

SERVICE_PORT = 80


def revision_name(release: str, number: int) -> str:
    """Name of a release's revision `number`, and of its Deployment and Service."""
    return f"{release}-r{number}"


def staging_service(release: str) -> str:
    """Name of the Service that points at the candidate while there is one."""
    return f"{release}-staging"


def metrics_service(release: str) -> str:
    """Name of the headless Service that every serving pod of the release belongs to."""
    return f"{release}-metrics"


def monitor(release: str) -> str:
    """Name of the release's ServiceMonitor and of its PrometheusRule."""
    return f"{release}-slipway"


def pin_config_map(revision: str) -> str:
    """Name of the ConfigMap with a first-seen digest."""
    return f"{revision}-pin"


def gate_label(gate: str) -> str:
    """`gate` as a label's value and as part of a name: lower case, nothing but letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", gate.lower()).strip("-")


def gate_job(revision: str, gate: str, attempt: int) -> str:
    """Name of the Job that runs `gate` for the `attempt`-th time. Long names are cut and told apart by a hash."""
    name = f"{revision}-{gate_label(gate)}"
    if len(name) > LONGEST_JOB:
        name = f"{name[: LONGEST_JOB - 7].rstrip('-')}-{hashlib.sha256(gate.encode()).hexdigest()[:6]}"
    return f"{name}-{attempt}"


def release_labels(release: str) -> dict[str, str]:
    """Labels of everything that belongs to a release."""
    return {
        RELEASE_LABEL: release,
        MANAGED_BY: MANAGER,
        "app.kubernetes.io/name": release,
        "app.kubernetes.io/part-of": "slipway",
    }


def revision_labels(release: str, revision: str, version: str) -> dict[str, str]:
    """Labels of everything that belongs to a revision."""
    return {
        **release_labels(release),
        REVISION_LABEL: revision,
        VERSION_LABEL: version,
        "app.kubernetes.io/instance": revision,
        "app.kubernetes.io/version": version,
    }


def selector(release: str, revision: str) -> dict[str, str]:
    """Selector of a Service that points at one revision's serving pods."""
    return {RELEASE_LABEL: release, REVISION_LABEL: revision, "app.kubernetes.io/component": "server"}
