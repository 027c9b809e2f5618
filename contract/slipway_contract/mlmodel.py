"""The signature in MLflow's `MLmodel` file, as far as both sides read it."""

from __future__ import annotations

import json
from typing import Any, Literal

Side = Literal["inputs", "outputs", "params"]


class SignatureError(ValueError):
    """The signature cannot be read. Its text is the end of a sentence."""


def side(section: dict[str, Any], name: Side) -> list[dict[str, Any]]:
    """The columns, tensors or parameters of one side of MLmodel's `signature`; none where it has none.

    MLflow keeps each side as a JSON text in the YAML. Raises SignatureError.
    """
    text = section.get(name)
    if text is None or text == "":
        return []
    try:
        entries = json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError) as error:
        raise SignatureError(f"the signature's {name} are not JSON ({error})") from error
    if entries is None:
        return []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise SignatureError(f"the signature's {name} are not a list of columns")
    return entries
