"""People and programs with rights in one namespace, and what they type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.e2e.kubectl import kubectl

ROLE = "edit"
"""Kubernetes' own role, which covers releases too."""


@dataclass(frozen=True)
class Person:
    """Somebody whom the API server knows by a name of their own."""

    namespace: str
    name: str
    """As the API server knows them."""
    credentials: tuple[str, ...]
    """kubectl's arguments."""

    def patch(self, release: str, text: str) -> None:
        """`kubectl patch modelrelease RELEASE --type merge -p TEXT`."""
        kubectl(
            *self.credentials, "-n", self.namespace, "patch", "modelrelease", release, "--type", "merge", "-p", text
        )

    def apply(self, manifest: dict[str, Any]) -> None:
        """`kubectl apply -f -`."""
        kubectl(*self.credentials, "apply", "-f", "-", manifest=manifest)


def user(namespace: str, name: str) -> Person:
    """A user with rights in `namespace` alone, impersonated: to webhooks the API server gives the name of the user."""
    _bind(namespace, name, f"--user={name}")
    return Person(namespace, name, ("--as", name))


def account(namespace: str, name: str) -> Person:
    """A ServiceAccount with a token of its own."""
    kubectl("-n", namespace, "create", "serviceaccount", name)
    _bind(namespace, name, f"--serviceaccount={namespace}:{name}")
    token = kubectl("-n", namespace, "create", "token", name).strip()
    # The token alone: kubectl would prefer the client certificate of the administrator's kubeconfig.
    server, authority = _cluster()
    credentials = ("--kubeconfig", "/dev/null", "--server", server, "--certificate-authority", authority)
    return Person(namespace, f"system:serviceaccount:{namespace}:{name}", (*credentials, "--token", token))


def _bind(namespace: str, name: str, subject: str) -> None:
    kubectl("-n", namespace, "create", "rolebinding", f"edit-{name}", f"--clusterrole={ROLE}", subject)


def _cluster() -> tuple[str, str]:
    from kubernetes import client, config

    found: client.Configuration = config.new_client_from_config().configuration
    return str(found.host), str(found.ssl_ca_cert)
