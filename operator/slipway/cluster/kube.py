"""A cluster behind the API server: a thin, typed face on kubernetes.aio's dynamic client.

Kinds are a fixed table, so no discovery is needed and no right to it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import aiohttp
from kubernetes.aio import client, config
from kubernetes.aio.dynamic import DynamicClient, Resource
from kubernetes.aio.dynamic.exceptions import DynamicApiError

from slipway.api.base import GROUP, VERSION
from slipway.cluster.port import ClusterError, Conflict, Invalid, NotFound, Object, Objects, Place
from slipway.words.names import MANAGER

TIMEOUT_SECONDS = 20.0
PAGE = 500
_APPLY = "application/apply-patch+yaml"
_MERGE, _JSON = "application/merge-patch+json", "application/json-patch+json"
_NOT_FOUND, _CONFLICT, _INVALID = 404, 409, 422


def _resource(group: str, version: str, kind: str, plural: str) -> Resource:
    prefix = "apis" if group else "api"
    return Resource(prefix=prefix, group=group, api_version=version, kind=kind, name=plural, namespaced=True, verbs=[])


KINDS: dict[str, Resource] = {
    "ModelRelease": _resource(GROUP, VERSION, "ModelRelease", "modelreleases"),
    "ModelRevision": _resource(GROUP, VERSION, "ModelRevision", "modelrevisions"),
    "Deployment": _resource("apps", "v1", "Deployment", "deployments"),
    "Service": _resource("", "v1", "Service", "services"),
    "ConfigMap": _resource("", "v1", "ConfigMap", "configmaps"),
    "Pod": _resource("", "v1", "Pod", "pods"),
    "Job": _resource("batch", "v1", "Job", "jobs"),
    "PodDisruptionBudget": _resource("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets"),
    "MutatingWebhookConfiguration": _resource(
        "admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations"
    ),
    "HTTPRoute": _resource("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes"),
    "HorizontalPodAutoscaler": _resource("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"),
    "Event": _resource("", "v1", "Event", "events"),
    "ServiceMonitor": _resource("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors"),
    "PrometheusRule": _resource("monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules"),
}


class ApiServer:
    """A Cluster behind the API server's REST interface."""

    def __init__(self, api: client.ApiClient) -> None:
        self._api = api
        self._dynamic = DynamicClient(api)

    @classmethod
    async def connect(cls) -> ApiServer:
        """From the pod's service account, else from the user's kubeconfig."""
        try:
            config.load_incluster_config()
        except config.ConfigException:
            await config.load_kube_config()
            return cls(client.ApiClient())
        direct = client.Configuration.get_default_copy()
        # A pod reaches the API server without a proxy. aiohttp would look for one, and for a .netrc, in threads before
        # each request: half of a request's processor time, and two more turns to wait for on a busy node.
        direct.client_session_kwargs = {"trust_env": False}
        return cls(client.ApiClient(direct))

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    async def knows(self, kind: str) -> bool:
        """Whether the API server serves `kind` in the version that is asked for. Raises ClusterError."""
        resource = KINDS[kind]
        try:
            served = await self._request("get", f"/{resource.prefix}/{resource.group}/{resource.api_version}", {})
        except NotFound:
            return False
        return any(each["name"] == resource.name for each in served.get("resources", []))

    async def schemas(self, document: str) -> Object:
        """See Cluster."""
        return await self._request("get", f"/openapi/v3/{document}", {})

    async def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """See Cluster."""
        try:
            return await self._call("get", kind, (namespace, name), {})
        except NotFound:
            return None

    async def list(self, kind: str, namespace: str, labels: Mapping[str, str]) -> Objects:
        """See Cluster. Read in pages, so that a large cluster does not become one large answer."""
        selector = ",".join(f"{key}={value}" if value else key for key, value in labels.items())
        items: Objects = []
        proceed: str | None = None
        while True:
            params = {"label_selector": selector or None, "limit": PAGE, "_continue": proceed}
            page = await self._call("get", kind, (namespace, None), params)
            items += page.get("items", [])
            proceed = page.get("metadata", {}).get("continue")
            if not proceed:
                return items

    async def create(self, manifest: Mapping[str, Any]) -> Object:
        """See Cluster."""
        kind, namespace = manifest["kind"], manifest["metadata"]["namespace"]
        return await self._call("post", kind, (namespace, None), {"body": manifest, "field_manager": MANAGER})

    async def apply(self, manifest: Mapping[str, Any]) -> Object:
        """See Cluster."""
        meta = manifest["metadata"]
        where = (meta["namespace"], meta["name"])
        params = {"body": manifest, "content_type": _APPLY, "field_manager": MANAGER, "force_conflicts": True}
        return await self._call("patch", manifest["kind"], where, params)

    async def replace_status(self, manifest: Mapping[str, Any]) -> Object:
        """See Cluster."""
        meta = manifest["metadata"]
        where = (meta["namespace"], meta["name"])
        return await self._call("put", manifest["kind"], where, {"body": manifest}, "/status")

    async def swap(self, where: Place, resource_version: str, values: Mapping[str, Any]) -> Object:
        """See Cluster. The version is part of what is written: another one is answered with 409, and never with 422."""
        kind, namespace, name = where
        wanted = {"/metadata/resourceVersion": resource_version, **values}
        operations = [{"op": "add", "path": path, "value": value} for path, value in wanted.items()]
        params = {"body": operations, "content_type": _JSON, "field_manager": MANAGER}
        return await self._call("patch", kind, (namespace, name), params)

    async def patch_merge(self, kind: str, namespace: str, name: str, patch: Mapping[str, Any]) -> Object:
        """See Cluster."""
        params = {"body": patch, "content_type": _MERGE, "field_manager": MANAGER}
        return await self._call("patch", kind, (namespace, name), params)

    async def delete(self, kind: str, namespace: str, name: str, uid: str | None) -> None:
        """See Cluster."""
        options: Object = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
        if uid:
            options["preconditions"] = {"uid": uid}
        try:
            await self._call("delete", kind, (namespace, name), {"body": options})
        except NotFound:
            return

    async def _call(
        self, method: str, kind: str, where: tuple[str, str | None], params: Mapping[str, Any], suffix: str = ""
    ) -> Object:
        namespace, name = where
        return await self._request(method, KINDS[kind].path(name=name, namespace=namespace or None) + suffix, params)

    async def _request(self, method: str, path: str, params: Mapping[str, Any]) -> Object:
        try:
            response = await self._dynamic.request(
                method, path, serialize=False, _request_timeout=TIMEOUT_SECONDS, **params
            )
            answer: Object = await response.json()
        except DynamicApiError as error:
            raise _translated(error) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ClusterError(0, f"{method} {path}: {type(error).__name__} {error}") from error
        return answer


def _translated(error: DynamicApiError) -> ClusterError:
    kinds = {_NOT_FOUND: NotFound, _CONFLICT: Conflict, _INVALID: Invalid}
    return kinds.get(error.status, ClusterError)(error.status, _message(error))


def _message(error: DynamicApiError) -> str:
    try:
        return str(json.loads(error.body)["message"])
    except (ValueError, TypeError, KeyError):
        return str(error.reason)
