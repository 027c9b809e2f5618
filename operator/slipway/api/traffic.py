"""How production traffic is held and moved: by the selector of a Service, or by the weights of an HTTPRoute."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from slipway.api.base import Frozen, ObjectName, validated

GATEWAY_IS_NAMED = {
    "rule": "!has(self.router) || self.router != 'Gateway' || has(self.gateway)",
    "message": "router Gateway needs traffic.gateway with the parentRefs of the Gateways that the route hangs on",
}
_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"


class Router(StrEnum):
    """What moves production traffic."""

    SERVICE = "Service"
    GATEWAY = "Gateway"


class ParentRef(Frozen):
    """A Gateway that the route hangs on, as in an HTTPRoute."""

    name: str = Field(min_length=1, max_length=253, description="Name of the Gateway.")
    namespace: ObjectName | None = Field(None, description="Its namespace. Without it: the release's own.")
    section_name: str | None = Field(
        None, min_length=1, max_length=253, description="One listener of it. Without it: every listener that allows it."
    )
    port: int | None = Field(None, ge=1, le=65535, description="One port of it.")


class AffinityType(StrEnum):
    """How a client is recognised."""

    COOKIE = "Cookie"
    HEADER = "Header"


class SessionAffinity(Frozen):
    """A client stays with the revision that answered it first."""

    type: AffinityType = Field(AffinityType.COOKIE, description="How a client is recognised.")
    name: str = Field(
        "slipway-revision",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_\-]*$",
        max_length=128,
        description="Name of the cookie or header.",
    )


class Gateway(Frozen):
    """Where the HTTPRoute of the release hangs."""

    parent_refs: Annotated[tuple[ParentRef, ...], Field(min_length=1, max_length=8)] = Field(
        description="The Gateways that carry production traffic."
    )
    hostnames: Annotated[
        tuple[Annotated[str, Field(pattern=rf"^(\*\.)?{_LABEL}(\.{_LABEL})*$", max_length=253)], ...],
        Field(max_length=16),
    ] = Field(default=(), description="Hosts that the route answers for. None: all that the listener allows.")
    session_affinity: SessionAffinity | None = Field(
        None,
        description="Keeps a client with one revision while traffic is split: the rule's sessionPersistence, which "
        "needs the experimental channel of the Gateway API and an implementation that offers it.",
    )


class Traffic(Frozen, json_schema_extra=validated(GATEWAY_IS_NAMED)):
    """How production traffic reaches the live revision."""

    router: Router = Field(
        Router.SERVICE,
        description="Service: the selector of the production Service is flipped in one write. "
        "Gateway: an HTTPRoute with a weight for each revision, which allows canary steps.",
    )
    gateway: Gateway | None = Field(None, description="The route of router Gateway.")
