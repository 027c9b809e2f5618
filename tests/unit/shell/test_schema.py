"""The CRDs: structural, documented, and read alike by every reader of YAML."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from slipway.api.schema import Quoting, definitions

KINDS = definitions()


def properties(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property under `schema` with its path."""
    for name, child in schema.get("properties", {}).items():
        yield f"{path}.{name}", child
        yield from properties(child, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from properties(schema[key], f"{path}[]")


@pytest.mark.parametrize("file", KINDS)
def test_every_field_has_a_type_and_a_description(file: str) -> None:
    root = KINDS[file]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    for part in ("spec", "status"):
        for path, schema in properties(root["properties"][part], part):
            assert "type" in schema or schema.get("x-kubernetes-int-or-string"), path
            assert schema.get("description"), f"{path} has no description"
            assert "$ref" not in schema, path
            assert "anyOf" not in schema, path


def test_keys_that_yaml_1_1_takes_for_booleans_are_quoted() -> None:
    text = yaml.dump({"n": 1, "y": 2, "name": 3}, Dumper=Quoting, sort_keys=False)
    assert text == "'n': 1\n'y': 2\nname: 3\n"


@pytest.mark.parametrize("file", KINDS)
def test_what_is_written_reads_back_as_it_was(file: str) -> None:
    assert yaml.safe_load(yaml.dump(KINDS[file], Dumper=Quoting)) == KINDS[file]
