"""How production traffic is held and moved: by the selector of a Service, or by the weights of an HTTPRoute."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from slipway.api.base import Frozen, ObjectName, validated

GATEWAY_IS_NAMED = {
    "rule": "!has(self.router) || self.router != 'Gateway' || has(self.gateway)",
    "message": "router Gateway requires traffic.gateway with the parentRefs of the Gateways the HTTPRoute attaches to",
}
_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"


class Router(StrEnum):
    """What moves production traffic."""

    SERVICE = "Service"
    GATEWAY = "Gateway"


class ParentRef(Frozen):
    """A Gateway the HTTPRoute attaches to."""

    name: str = Field(min_length=1, max_length=253, description="Name of the Gateway.")
    namespace: ObjectName | None = Field(
        None, description="Namespace of the Gateway. Defaults to the release's namespace."
    )
    section_name: str | None = Field(
        None,
        min_length=1,
        max_length=253,
        description="Name of a listener. If unset, all listeners that allow the route.",
    )
    port: int | None = Field(None, ge=1, le=65535, description="A port of the Gateway.")


class AffinityType(StrEnum):
    """How clients are identified."""

    COOKIE = "Cookie"
    HEADER = "Header"


class SessionAffinity(Frozen):
    """Each client stays on the revision that answered it first."""

    type: AffinityType = Field(AffinityType.COOKIE, description="How clients are identified.")
    name: str = Field(
        "slipway-revision",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_\-]*$",
        max_length=128,
        description="Name of the cookie or header.",
    )


class Gateway(Frozen):
    """The Gateways the HTTPRoute attaches to, and its hostnames."""

    parent_refs: Annotated[tuple[ParentRef, ...], Field(min_length=1, max_length=8)] = Field(
        description="The Gateways that carry production traffic."
    )
    hostnames: Annotated[
        tuple[Annotated[str, Field(pattern=rf"^(\*\.)?{_LABEL}(\.{_LABEL})*$", max_length=253)], ...],
        Field(max_length=16),
    ] = Field(default=(), description="Hostnames of the route. If empty, all hostnames the listener allows.")
    session_affinity: SessionAffinity | None = Field(
        None,
        description="Keep each client on one revision while traffic is split. Sets sessionPersistence of the "
        "route's rule, which requires the experimental channel of the Gateway API and an "
        "implementation that supports it.",
    )


class Traffic(Frozen, json_schema_extra=validated(GATEWAY_IS_NAMED)):
    """How production traffic reaches the live revision."""

    router: Router = Field(
        Router.SERVICE,
        description="Service: switch the selector of the production Service in one write. Gateway: use an "
        "HTTPRoute with a weight for each revision; required for canary steps.",
    )
    gateway: Gateway | None = Field(None, description="The HTTPRoute of the release. Required for router Gateway.")
