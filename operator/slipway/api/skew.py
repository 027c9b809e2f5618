"""Whether the CRDs in the cluster are the operator's own: Helm installs those of a chart once and upgrades none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from slipway.api.base import GROUP, VERSION
from slipway.api.reasons import conditions
from slipway.api.schema import Schema, definitions

DOCUMENT = f"apis/{GROUP}/{VERSION}"
"""The API server's OpenAPI v3 document of our kinds, which every account may read unless a cluster forbids it."""
SHOWN = 3


def skew(document: Mapping[str, Any]) -> tuple[str, str] | None:
    """Reason and sentence of how the schemas in `document` differ from this operator's; None where they do not."""
    there = {_kind(schema): schema for schema in document.get("components", {}).get("schemas", {}).values()}
    older, newer = list[str](), list[str]()
    for kind, own in _own().items():
        if kind in there:
            served = frozenset(fields(there[kind]))
            older += [f"{kind} {path}" for path in _topmost(own - served)]
            newer += [f"{kind} {path}" for path in _topmost(served - own)]
    if older:
        drops = f"the API server drops {_some(older)}, which this operator reads and writes"
        return conditions.CRDS_OLDER, f"the CRDs are older than the operator: {drops}; apply the chart's crds/"
    if newer:
        ignores = f"this operator does not act on {_some(newer)}"
        return conditions.CRDS_NEWER, f"the CRDs are newer than the operator: {ignores}; upgrade the operator"
    return None


def fields(schema: Schema, prefix: str = "") -> Iterator[str]:
    """The paths of all fields under spec and status, such as spec.gates.metrics.name."""
    for name, child in schema.get("properties", {}).items():
        if prefix or name in ("spec", "status"):
            yield f"{prefix}{name}"
            yield from fields(child, f"{prefix}{name}.")
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from fields(schema[key], prefix)


@cache
def _own() -> dict[str, frozenset[str]]:
    found = (definition["spec"] for definition in definitions().values())
    return {s["names"]["kind"]: frozenset(fields(s["versions"][0]["schema"]["openAPIV3Schema"])) for s in found}


def _kind(schema: Schema) -> str:
    for each in schema.get("x-kubernetes-group-version-kind", ()):
        if each.get("group") == GROUP:
            return str(each["kind"])
    return ""


def _topmost(paths: frozenset[str]) -> list[str]:
    """Without those that lie within another one."""
    return [path for path in sorted(paths) if path.rpartition(".")[0] not in paths]


def _some(paths: list[str]) -> str:
    more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
    return ", ".join(paths[:SHOWN]) + more
