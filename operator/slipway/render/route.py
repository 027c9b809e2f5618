"""The HTTPRoute of a release with the Gateway router."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slipway.api.release import ModelRelease
from slipway.api.traffic import Gateway
from slipway.render.meta import Manifest, metadata, release_owner
from slipway.words import names
from slipway.words.canonical import digest_of

GATEWAY_GROUP = "gateway.networking.k8s.io"


def route(release: ModelRelease, gateway: Gateway, shares: Mapping[str, int]) -> Manifest:
    """The route that gives each revision its share in percent, the live one first."""
    labels = names.release_labels(release.metadata.name)
    meta = metadata(release.metadata.name, release.metadata.namespace, labels, release_owner(release))
    return {
        "apiVersion": f"{GATEWAY_GROUP}/v1",
        "kind": "HTTPRoute",
        "metadata": {**meta, "annotations": {names.GATEWAY_ANNOTATION: digest_of(gateway.wire())}},
        "spec": configured({"rules": [{"backendRefs": backends(shares)}]}, gateway),
    }


def backends(shares: Mapping[str, int]) -> list[Manifest]:
    """The backends of the one rule: the Service of each revision, with its weight."""
    return [
        {"group": "", "kind": "Service", "name": revision, "port": names.SERVICE_PORT, "weight": share}
        for revision, share in shares.items()
    ]


def configured(spec: Mapping[str, Any], gateway: Gateway) -> Manifest:
    """`spec` of a route with what the release says of Gateways, hosts and sessions; all else stays."""
    first, *others = spec["rules"]
    rule = {key: value for key, value in first.items() if key != "sessionPersistence"}
    affinity = gateway.session_affinity
    if affinity is not None:
        rule["sessionPersistence"] = {"sessionName": affinity.name, "type": affinity.type.value}
    parents = [parent.wire() for parent in gateway.parent_refs]
    return {**spec, "parentRefs": parents, "hostnames": list(gateway.hostnames), "rules": [rule, *others]}
