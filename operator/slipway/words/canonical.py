"""Canonical JSON: the same value is always the same bytes."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def sorted_json(value: Any) -> str:
    """`value` with sorted keys and no spaces. Hashes of specs and stamps are over this: it must never change."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def digest_of(value: Any) -> str:
    """Twelve hex digits that identify `value`, which must be JSON."""
    return hashlib.sha256(sorted_json(value).encode()).hexdigest()[:12]
