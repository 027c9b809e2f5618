"""The cluster, as the operator uses it; errors name the reaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

Object = dict[str, Any]
Objects = list[Object]
Place = tuple[str, str, str]
"""Kind, namespace and name of an object."""


class ClusterError(Exception):
    """The API server refused or did not answer; `status` is its HTTP status, 0 without an answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


class NotFound(ClusterError):
    """There is no such object."""


class Conflict(ClusterError):
    """Somebody changed the object since it was read: read again and decide anew."""


class Invalid(ClusterError):
    """The API server will never accept this object as it is."""


class Cluster(Protocol):
    """What the operator asks of a cluster. Every method raises ClusterError."""

    async def schemas(self, document: str) -> Object:
        """The OpenAPI v3 document `document`, such as apis/apps/v1. NotFound: the cluster has no such group."""
        ...

    async def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """The object, or None."""
        ...

    async def knows(self, kind: str) -> bool:
        """Whether the cluster serves `kind`."""
        ...

    async def list(self, kind: str, namespace: str, labels: Mapping[str, str]) -> Objects:
        """Objects with all of `labels`; namespace "" means all namespaces.

        NotFound: the cluster does not know `kind`.
        """
        ...

    async def create(self, manifest: Mapping[str, Any]) -> Object:
        """Create an object."""
        ...

    async def apply(self, manifest: Mapping[str, Any]) -> Object:
        """Server-side apply under one field manager, with force: takes ownership of conflicting fields."""
        ...

    async def replace_status(self, manifest: Mapping[str, Any]) -> Object:
        """Replace the status subresource; Conflict unless metadata.resourceVersion is current."""
        ...

    async def swap(self, where: Place, resource_version: str, values: Mapping[str, Any]) -> Object:
        """Compare and swap: set `values` (JSON pointer → value) in one write; Conflict unless the version is current.

        Nothing but the version is compared. The API server compares a JSON patch's tests byte by byte, and writes <, >
        and & in another way than its clients do: a test of what people wrote may never pass.
        """
        ...

    async def patch_merge(self, kind: str, namespace: str, name: str, patch: Mapping[str, Any]) -> Object:
        """JSON merge patch."""
        ...

    async def delete(self, kind: str, namespace: str, name: str, uid: str | None) -> None:
        """Delete the object in the background, if its uid is `uid`. That it is gone already is fine."""
        ...
