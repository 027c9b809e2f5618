"""The cluster, as a test looks at it: the API server's REST interface, with kinds by name.

What a user would type goes through `kubectl` instead; see kubectl.py.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from kubernetes import client, config
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import NotFoundError

Object = dict[str, Any]

PATHS = {
    "Namespace": ("api/v1", "namespaces"),
    "Pod": ("api/v1", "pods"),
    "Service": ("api/v1", "services"),
    "ConfigMap": ("api/v1", "configmaps"),
    "Deployment": ("apis/apps/v1", "deployments"),
    "Job": ("apis/batch/v1", "jobs"),
    "PodDisruptionBudget": ("apis/policy/v1", "poddisruptionbudgets"),
    "EndpointSlice": ("apis/discovery.k8s.io/v1", "endpointslices"),
    "HTTPRoute": ("apis/gateway.networking.k8s.io/v1", "httproutes"),
    "ModelRelease": ("apis/slipway.dev/v1alpha1", "modelreleases"),
    "ModelRevision": ("apis/slipway.dev/v1alpha1", "modelrevisions"),
}
_MERGE = "application/merge-patch+json"


def path(kind: str, namespace: str | None, name: str | None = None, **query: Any) -> str:
    """The REST path of one object or of a collection."""
    prefix, plural = PATHS[kind]
    scope = f"/namespaces/{namespace}" if namespace and kind != "Namespace" else ""
    asked = f"?{urlencode(query)}" if query else ""
    return f"/{prefix}{scope}/{plural}{f'/{name}' if name else ''}{asked}"


class Cluster:
    """The current context of the user's kubeconfig."""

    def __init__(self) -> None:
        self._api = client.ApiClient(config.new_client_from_config().configuration)
        self._dynamic = DynamicClient(self._api)

    def close(self) -> None:
        """Close the connections."""
        self._api.close()

    def call(self, method: str, where: str, body: Any = None, content_type: str = "application/json") -> Any:
        """One request; the answer as urllib3 has it. Raises DynamicApiError."""
        return self._dynamic.request(method, where, body=body, content_type=content_type, serialize=False)

    def get(self, kind: str, namespace: str | None, name: str) -> Object | None:
        """The object, or None."""
        try:
            return dict(json.loads(self.call("get", path(kind, namespace, name)).data))
        except NotFoundError:
            return None

    def list(self, kind: str, namespace: str | None, labels: Mapping[str, str] | None = None) -> list[Object]:
        """Objects with all of `labels`, by name."""
        selector = ",".join(f"{key}={value}" for key, value in (labels or {}).items())
        answer = json.loads(self.call("get", path(kind, namespace, labelSelector=selector)).data)
        return sorted(answer["items"], key=lambda item: str(item["metadata"]["name"]))

    def create(self, manifest: Object) -> Object:
        """Create an object."""
        where = path(manifest["kind"], manifest["metadata"].get("namespace"))
        return dict(json.loads(self.call("post", where, manifest).data))

    def patch(self, kind: str, namespace: str | None, name: str, change: Object) -> None:
        """JSON merge patch."""
        self.call("patch", path(kind, namespace, name), change, _MERGE)

    def delete(self, kind: str, namespace: str | None, name: str, grace: int | None = None) -> None:
        """Delete an object and what it owns, in the background. That it is gone already is fine."""
        options: Object = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
        if grace is not None:
            options["gracePeriodSeconds"] = grace
        try:
            self.call("delete", path(kind, namespace, name), options)
        except NotFoundError:
            return

    def log(self, namespace: str, pod: str) -> str:
        """A pod's whole log."""
        answer: str = self.call("get", f"{path('Pod', namespace, pod)}/log").data.decode()
        return answer

    @contextmanager
    def stream(self, kind: str, namespace: str, seconds: int) -> Iterator[Any]:
        """An open watch on a collection from now on; `events` reads it."""
        now = json.loads(self.call("get", path(kind, namespace, limit=1)).data)["metadata"]["resourceVersion"]
        query = {"watch": "1", "resourceVersion": now, "timeoutSeconds": seconds}
        response = self.call("get", path(kind, namespace, **query))
        try:
            yield response
        finally:
            response.close()

    def request(self, namespace: str, service: str, body: Any) -> Mapping[str, str]:
        """The headers of a Service's answer to one prediction request, through the API server's proxy."""
        where = f"{path('Service', namespace, f'http:{service}:80')}/proxy/invocations"
        headers: Mapping[str, str] = self.call("post", where, body).headers
        return headers


def events(stream: Any) -> Iterator[tuple[float, str, Object]]:
    """What a watch delivers: when it came, ADDED, MODIFIED or DELETED, and the object. Ends when the watch does."""
    rest = b""
    for chunk in stream.stream(decode_content=True):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            event = json.loads(line)
            yield time.time(), str(event["type"]), event["object"]
