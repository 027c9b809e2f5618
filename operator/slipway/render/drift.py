"""Whether an object in the cluster still is what was rendered. Fields that nobody rendered are not ours to judge."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

_SUFFIXES: dict[str, Decimal] = {letter: Decimal(1000) ** -power for power, letter in enumerate("mun", start=1)}
_SUFFIXES |= {letter: Decimal(1000**power) for power, letter in enumerate("kMGTPE", start=1)}
_SUFFIXES |= {f"{letter}i": Decimal(1024**power) for power, letter in enumerate("KMGTPE", start=1)}
"""Those of resource.Quantity, k8s.io/apimachinery."""


def differs(rendered: Any, live: Any) -> bool:
    """Whether `live` lacks or contradicts anything in `rendered`. Lists of one length are compared item by item."""
    if live is None and not rendered:
        return False  # the API server leaves out what is empty
    if isinstance(rendered, dict):
        if not isinstance(live, dict):
            return bool(rendered)
        return any(differs(value, live.get(key)) for key, value in rendered.items())
    if isinstance(rendered, list):
        if not isinstance(live, list) or len(rendered) != len(live):
            return bool(rendered)
        return any(differs(ours, theirs) for ours, theirs in zip(rendered, live, strict=True))
    return bool(rendered != live and not _same_quantity(rendered, live))


def _same_quantity(one: Any, other: Any) -> bool:
    """The API server rewrites quantities: 0.5 becomes 500m."""
    left, right = _quantity(one), _quantity(other)
    return left is not None and left == right


def _quantity(value: Any) -> Decimal | None:
    text = str(value)
    for suffix in sorted(_SUFFIXES, key=len, reverse=True):
        if text.endswith(suffix):
            number = _decimal(text.removesuffix(suffix))
            return None if number is None else number * _SUFFIXES[suffix]
    return _decimal(text)


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
