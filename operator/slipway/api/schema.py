"""Writes crds/*.yaml from the API types: `python -m slipway.api.schema [--check] DIRECTORY`.

Kubernetes wants structural schemas: no references, one type per node, no null unions. pydantic speaks JSON Schema;
`structural` is the translation.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import yaml

from slipway.api.base import GROUP, VERSION, Frozen
from slipway.api.release import NAME_FITS_A_SERVICE, ROUTER_STAYS_DURING_AN_ATTEMPT, ReleaseSpec
from slipway.api.release_status import ReleaseStatus
from slipway.api.revision import RevisionSpec, RevisionStatus

Schema = dict[str, Any]

_DROPPED = ("title", "$defs", "discriminator")

RELEASE_COLUMNS = (
    ("Phase", "string", ".status.phase"),
    ("Live", "string", ".status.live.version"),
    ("Candidate", "string", ".status.candidate.version"),
    ("Weight", "integer", ".status.weight"),
    ("Gate", "string", ".status.gate"),
    ("Ready", "string", ".status.conditions[?(@.type=='Ready')].status"),
    ("Age", "date", ".metadata.creationTimestamp"),
)
REVISION_COLUMNS = (
    ("Release", "string", ".spec.release"),
    ("Version", "string", ".spec.model.version"),
    ("Phase", "string", ".status.phase"),
    ("Outcome", "string", ".status.outcome"),
    ("Reason", "string", ".status.reason"),
    ("Actor", "string", ".spec.intake.actor"),
    ("Age", "date", ".metadata.creationTimestamp"),
)


def structural(model: type[Frozen]) -> Schema:
    """The structural schema of `model`. Raises ValueError for a type that Kubernetes cannot express."""
    schema = model.model_json_schema(by_alias=True)
    return _node(schema, schema.get("$defs", {}))


def _node(node: Schema, defs: Schema) -> Schema:
    node = _resolved(node, defs)
    if node.get("x-kubernetes-int-or-string"):
        return {key: value for key, value in node.items() if key not in (*_DROPPED, "anyOf", "type")}
    out = {key: value for key, value in node.items() if key not in _DROPPED}
    if "const" in out:
        out["enum"] = [out.pop("const")]
    _bounds(out)
    _default(out)
    if "properties" in out:
        out["properties"] = {name: _node(child, defs) for name, child in out["properties"].items()}
    if isinstance(out.get("additionalProperties"), dict):
        out["additionalProperties"] = _node(out["additionalProperties"], defs)
        out["maxProperties"] = out.pop("maxProperties", 64)
    elif out.get("x-kubernetes-preserve-unknown-fields"):
        out.pop("additionalProperties", None)
    _items(out, defs)
    if "type" not in out:
        raise ValueError(f"Kubernetes needs one type here: {node}")
    return out


def _resolved(node: Schema, defs: Schema) -> Schema:
    """`node` with its reference inlined and a union with null reduced to the other side."""
    if "$ref" in node:
        target = defs[node["$ref"].rsplit("/", 1)[1]]
        return _resolved({**target, **{k: v for k, v in node.items() if k != "$ref"}}, defs)
    branches = [branch for branch in node.get("anyOf", ()) if branch.get("type") != "null"]
    if len(branches) == 1:
        rest = {k: v for k, v in node.items() if k not in ("anyOf", "default")}
        if node.get("default") is not None:
            rest["default"] = node["default"]
        return _resolved({**branches[0], **rest}, defs)
    return node


def _bounds(node: Schema) -> None:
    """JSON Schema's numeric exclusive bounds, as OpenAPI 3.0 writes them."""
    for exclusive, inclusive in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if exclusive in node and not isinstance(node[exclusive], bool):
            node[inclusive] = node.pop(exclusive)
            node[exclusive] = True


def _default(node: Schema) -> None:
    """An object with properties defaults to {}: the API server fills in the defaults inside it."""
    if node.get("default", 0) is None:
        del node["default"]
    elif isinstance(node.get("default"), dict) and "properties" in node:
        node["default"] = {}


def _items(node: Schema, defs: Schema) -> None:
    if "prefixItems" in node:
        node["items"] = node.pop("prefixItems")[0]
    if "items" in node:
        node["items"] = _node(node["items"], defs)
        node.setdefault("maxItems", 64)


def crd(kind: str, short: str, root: Schema, columns: tuple[tuple[str, str, str], ...]) -> Schema:
    """The CustomResourceDefinition of `kind` with the object schema `root`."""
    plural = f"{kind.lower()}s"
    printer = [{"name": name, "type": type_, "jsonPath": path} for name, type_, path in columns]
    version = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": printer,
        "schema": {"openAPIV3Schema": root},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}", "labels": {"app.kubernetes.io/part-of": "slipway"}},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": kind,
                "listKind": f"{kind}List",
                "plural": plural,
                "singular": kind.lower(),
                "shortNames": [short],
                "categories": ["slipway"],
            },
            "versions": [version],
        },
    }


def root(description: str, spec: type[Frozen], status: type[Frozen], rules: tuple[dict[str, str], ...] = ()) -> Schema:
    """The object schema with `spec` and `status` under it."""
    schema: Schema = {
        "type": "object",
        "description": description,
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": structural(spec),
            "status": structural(status),
        },
    }
    return {**schema, "x-kubernetes-validations": list(rules)} if rules else schema


class Quoting(yaml.SafeDumper):
    """Quotes what other readers of YAML 1.1 take for a boolean, as Go's does: a property called `n` became `false`."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "'" if text.lower() in ("y", "n") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


Quoting.add_representer(str, _text)


def definitions() -> dict[str, Schema]:
    """File name → CustomResourceDefinition."""
    rules = (NAME_FITS_A_SERVICE, ROUTER_STAYS_DURING_AN_ATTEMPT)
    release = root(
        "A served model and its release policy. Long-lived: each new version becomes a ModelRevision.",
        ReleaseSpec,
        ReleaseStatus,
        rules,
    )
    revision = root(
        "An immutable bundle of model version, server and policy, with the evidence of its release.",
        RevisionSpec,
        RevisionStatus,
    )
    return {
        "modelreleases.yaml": crd("ModelRelease", "mr", release, RELEASE_COLUMNS),
        "modelrevisions.yaml": crd("ModelRevision", "mrev", revision, REVISION_COLUMNS),
    }


def main() -> int:
    """Write the definitions; with --check, only say whether they differ from what is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a file is out of date")
    options = parser.parse_args()
    stale = []
    for name, definition in definitions().items():
        text = "# Made by `make generate` from operator/slipway/api. Do not edit.\n" + yaml.dump(
            definition, Dumper=Quoting, sort_keys=False, width=120
        )
        path = options.directory / name
        if not path.exists() or path.read_text() != text:
            stale.append(str(path))
            if not options.check:
                path.write_text(text)
    if options.check and stale:
        sys.stderr.write(f"out of date: {', '.join(stale)}; run `make generate`\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
