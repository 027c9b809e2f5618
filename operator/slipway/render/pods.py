"""What all pods of Slipway have in common: Kubernetes' restricted security profile."""

from __future__ import annotations

from typing import Any

USER = 65532

POD_SECURITY: dict[str, Any] = {
    "runAsNonRoot": True,
    "runAsUser": USER,
    "runAsGroup": USER,
    "fsGroup": USER,
    "seccompProfile": {"type": "RuntimeDefault"},
}
CONTAINER_SECURITY: dict[str, Any] = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def env(values: dict[str, str | None]) -> list[dict[str, str]]:
    """Environment variables, those without a value left out."""
    return [{"name": name, "value": value} for name, value in values.items() if value is not None]
