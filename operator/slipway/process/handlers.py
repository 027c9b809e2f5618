"""The only importer of kopf: events become keys in the queue, and nothing else happens here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import kopf

from slipway.api.base import GROUP, VERSION
from slipway.process.watchdog import Watchdog
from slipway.settings import Settings
from slipway.words.names import RELEASE_LABEL, Key

Seen = Callable[[Key, Mapping[str, Any] | None], None]
"""Gets every release that the watch delivers: its key and spec.model, None where it was deleted."""
Gone = Callable[[Mapping[str, Any]], None]
"""Gets every ModelRelease and ModelRevision that was deleted, as it was last."""
Enqueue = Callable[[Key], None]

CHILDREN = (
    (GROUP, VERSION, "modelrevisions"),
    ("apps", "v1", "deployments"),
    ("batch", "v1", "jobs"),
    ("", "v1", "services"),
)
ROUTES = ("gateway.networking.k8s.io", "v1", "httproutes")


def registry(
    seen: Seen, enqueue: Enqueue, watchdog: Watchdog, gone: Gone, routes: bool = False
) -> kopf.OperatorRegistry:
    """Handlers that never fail and never wait. `routes`: watch HTTPRoutes too, which not every cluster knows.

    They are coroutines because kopf would run functions in threads: slower, and the queue belongs to the event loop.
    """
    handlers = kopf.OperatorRegistry()
    _connect(handlers)

    @kopf.on.event(GROUP, VERSION, "modelreleases", registry=handlers)
    async def release_changed(namespace: str | None, name: str, body: kopf.Body, event: Any, **_: Any) -> None:
        namespace, deleted = namespace or "", event.get("type") == "DELETED"
        watchdog.delivered((namespace, name), body["metadata"]["resourceVersion"], deleted)
        seen((namespace, name), None if deleted else body["spec"]["model"])
        if deleted:
            gone(event["object"])

    @kopf.on.event(GROUP, VERSION, "modelrevisions", registry=handlers)
    async def revision_deleted(event: Any, **_: Any) -> None:
        if event.get("type") == "DELETED":
            gone(event["object"])

    async def child_changed(namespace: str | None, labels: kopf.Labels, **_: Any) -> None:
        enqueue((namespace or "", labels[RELEASE_LABEL]))

    for group, version, plural in (*CHILDREN, *((ROUTES,) if routes else ())):
        present = {RELEASE_LABEL: kopf.PRESENT}
        kopf.on.event(group, version, plural, registry=handlers, labels=present, id=plural)(child_changed)
    return handlers


def _connect(handlers: kopf.OperatorRegistry) -> None:
    """How kopf behaves, and as whom it speaks to the API server."""

    @kopf.on.startup(registry=handlers)
    def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
        settings.posting.enabled = False
        settings.scanning.disabled = True
        settings.networking.request_timeout = 20
        settings.networking.connect_timeout = 5
        settings.watching.server_timeout = 300
        settings.watching.client_timeout = 330

    @kopf.on.login(registry=handlers)
    def login(**kwargs: Any) -> kopf.ConnectionInfo | None:
        return kopf.login_with_service_account(**kwargs) or kopf.login_with_kubeconfig(**kwargs)


async def run(handlers: kopf.OperatorRegistry, settings: Settings, stop: Any) -> None:
    """Watch until `stop` is set."""
    identity: Any = "slipway"  # kopf would ask for the user's name, and a container's user has none
    namespaces = list(settings.watch_namespaces)
    await kopf.operator(
        registry=handlers,
        identity=identity,
        standalone=True,
        clusterwide=not namespaces,
        namespaces=namespaces,
        stop_flag=stop,
    )
