"""Writes docs/reference/*.md from crds/*.yaml: `python -m scripts.api_reference [--check] DIRECTORY`.

One page for each kind, one section for each object in it, in the order of the schema. What stands there is what
`kubectl explain` shows, with defaults, limits and the messages of validation rules.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

Schema = dict[str, Any]

CRDS = Path(__file__).parents[1] / "crds"
HEADER = "<!-- Made by `make generate` from crds/. Do not edit. -->\n"
BOUNDS = (
    ("minimum", "minimum"),
    ("maximum", "maximum"),
    ("minLength", "min. length"),
    ("maxLength", "max. length"),
    ("minItems", "min. items"),
    ("maxItems", "max. items"),
    ("maxProperties", "max. entries"),
)


def page(definition: Schema) -> str:
    """The Markdown of one CustomResourceDefinition."""
    names, version = definition["spec"]["names"], definition["spec"]["versions"][0]
    root = version["schema"]["openAPIV3Schema"]
    parts = [
        f"# {names['kind']}\n",
        HEADER,
        f"{root['description']}\n",
        _identity(definition, version),
        _columns(version["additionalPrinterColumns"]),
        _rules(root),
        *(_section(path, schema) for part in ("spec", "status") for path, schema in objects(part, _child(root, part))),
    ]
    return "\n".join(part for part in parts if part)


def objects(path: str, schema: Schema) -> Iterator[tuple[str, Schema]]:
    """`schema` and every object below it that has properties, each with its path."""
    yield path, schema
    for name, child in schema.get("properties", {}).items():
        inner = _inner(child)
        if inner.get("properties"):
            yield from objects(f"{path}.{name}{_suffix(child)}", inner)


def type_of(schema: Schema) -> str:
    """The type of a field in words: `integer`, `[]string`, `map[string]integer`."""
    if schema.get("x-kubernetes-int-or-string"):
        return "quantity"
    if schema.get("type") == "array":
        return f"[]{type_of(schema['items'])}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"map[string]{type_of(schema['additionalProperties'])}"
    return str(schema.get("format") if schema.get("format") == "date-time" else schema["type"])


def limits(schema: Schema) -> Iterator[str]:
    """What a value of the field must keep to, a phrase each."""
    if "enum" in schema:
        yield "one of " + ", ".join(f"`{value}`" for value in schema["enum"])
    for key, word in BOUNDS:
        if key in schema:
            exclusive = ", exclusive" if schema.get(f"exclusive{key.capitalize()}") is True else ""
            yield f"{word} {schema[key]}{exclusive}"
    if "pattern" in schema:
        yield f"pattern `{schema['pattern']}`"
    if schema.get("type") == "array":
        yield from (f"each: {limit}" for limit in limits(schema["items"]))


def _child(root: Schema, part: str) -> Schema:
    return dict(root["properties"][part])


def _inner(schema: Schema) -> Schema:
    """What a field holds: of a list or a map, what each of its entries is."""
    if schema.get("type") == "array":
        return dict(schema["items"])
    entries = schema.get("additionalProperties")
    return entries if isinstance(entries, dict) else schema


def _suffix(schema: Schema) -> str:
    if schema.get("type") == "array":
        return "[]"
    return ".*" if isinstance(schema.get("additionalProperties"), dict) else ""


def anchor(path: str) -> str:
    """The id of the section about `path`, as GitHub and the site both make it from the heading."""
    return re.sub(r"[^a-z0-9]", "", path.lower())


def _identity(definition: Schema, version: Schema) -> str:
    spec, names = definition["spec"], definition["spec"]["names"]
    commands = ", ".join(f"`{name}`" for name in (names["plural"], names["singular"], *names["shortNames"]))
    row = (f"`{spec['group']}/{version['name']}`", f"`{names['kind']}`", spec["scope"], commands)
    return _table(("apiVersion", "kind", "scope", "name in kubectl"), [row])


def _columns(columns: list[Schema]) -> str:
    rows = [(column["name"], f"`{column['jsonPath']}`") for column in columns]
    return "Columns of `kubectl get`:\n\n" + _table(("column", "field"), rows)


def _section(path: str, schema: Schema) -> str:
    required = set(schema.get("required", ()))
    rows = [_row(path, name, child, name in required) for name, child in schema.get("properties", {}).items()]
    depth = "##" if "." not in path else "###"
    parts = [
        f"{depth} {path}\n",
        f"{schema['description']}\n" if schema.get("description") else "",
        _table(("field", "type", "default", "description"), rows),
        _rules(schema),
    ]
    return "\n".join(part for part in parts if part)


def _row(path: str, name: str, child: Schema, required: bool) -> tuple[str, ...]:
    kind, inner = f"`{type_of(child)}`", _inner(child)
    if inner.get("properties"):
        kind = f"[{kind}](#{anchor(f'{path}.{name}')})"
    default = f"`{_value(child['default'])}`" if child.get("default", {}) != {} else "**required**" if required else ""
    rules = [rule["message"] for rule in child.get("x-kubernetes-validations", ()) if not child.get("properties")]
    says = [child.get("description", ""), *(f"{rule[:1].upper()}{rule[1:]}." for rule in rules)]
    bounds = "; ".join(limits(child))
    says += [f"<br>*{bounds}*"] if bounds else []
    return f"`{name}`", kind, default, " ".join(text for text in says if text)


def _value(value: Any) -> str:
    return yaml.dump(value, default_flow_style=True, width=1000).removesuffix("\n...\n").strip()


def _rules(schema: Schema) -> str:
    """The messages of the rules about an object as a whole."""
    messages = [rule["message"] for rule in schema.get("x-kubernetes-validations", ())]
    return "Rules:\n\n" + "".join(f"- {message}\n" for message in messages) if messages else ""


def _table(head: tuple[str, ...], rows: Any) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def pages() -> dict[str, str]:
    """File name → text of each page."""
    definitions = [yaml.safe_load(path.read_text()) for path in sorted(CRDS.glob("*.yaml"))]
    return {f"{crd['spec']['names']['singular']}.md": page(crd) for crd in definitions}


def main() -> int:
    """Write the pages; with --check, only say whether they differ from what is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a page is out of date")
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    wanted = {options.directory / name: text for name, text in pages().items()}
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    if options.check and stale:
        sys.stderr.write(f"out of date: {', '.join(map(str, stale))}; run `make generate`\n")
        return 1
    for path in stale:
        path.write_text(wanted[path])
    return 0


if __name__ == "__main__":
    sys.exit(main())
