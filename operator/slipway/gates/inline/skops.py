"""What a skops file holds, read from its schema.json: nothing is imported, nothing is loaded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

_LIBRARIES = frozenset({"numpy", "scipy", "sklearn"})
"""Packages some of whose types the server loads. Which ones, only the init container knows, which has them."""

_SIMPLE = (
    "bool",
    "bytearray",
    "bytes",
    "complex",
    "dict",
    "float",
    "frozenset",
    "int",
    "list",
    "map",
    "NoneType",
    "set",
)
_PLAIN = frozenset(
    {f"builtins.{name}" for name in (*_SIMPLE, "slice", "str", "tuple")}
    | {"collections.OrderedDict", "collections.defaultdict"}
)


class SchemaError(ValueError):
    """The text is no schema of a skops file."""


def unlisted(schema: str) -> tuple[str, ...]:
    """Types in `schema`, the text of a schema.json, that no server loads whatever its versions, sorted.

    One-sided on purpose: whatever is named here is refused by the init container too, and what it refuses beyond that
    (unusual types of numpy, scipy and scikit-learn) is not named here. Raises SchemaError.
    """
    try:
        document = json.loads(schema)
    except (ValueError, RecursionError) as error:
        raise SchemaError("its schema.json is not JSON") from error
    if not isinstance(document, dict) or "__loader__" not in document:
        raise SchemaError("its schema.json describes no object")
    return tuple(sorted({name for node in _nodes(document) if (name := _name(node)) and not _known(node, name)}))


def _nodes(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every object that the schema describes, at any depth."""
    rest: list[Any] = [document]
    while rest:
        value = rest.pop()
        if isinstance(value, dict):
            rest += value.values()
            if "__class__" in value and "__module__" in value:
                yield value
        elif isinstance(value, list):
            rest += value


def _name(node: dict[str, Any]) -> str:
    """What skops calls the node: a type or a function by its full name, a method by its type's name and its own."""
    full = f"{node['__module__']}.{node['__class__']}"
    content = node.get("content")
    return f"{full}.{content.get('func')}" if _method(node) and isinstance(content, dict) else full


def _method(node: dict[str, Any]) -> bool:
    return node.get("__loader__") == "MethodNode"


def _known(node: dict[str, Any], name: str) -> bool:
    return not _method(node) and (name in _PLAIN or name.split(".")[0] in _LIBRARIES)
