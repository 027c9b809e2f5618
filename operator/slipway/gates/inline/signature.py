"""A model's signature as MLflow's MLmodel file has it, and what a change of it means for callers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from slipway_contract.mlmodel import SignatureError, side

WIDENS = {
    "integer": {"long", "double"},
    "float": {"double"},
    "long": set[str](),
}
"""Column types of MLflow that take every value of the key without loss.

A long does not fit a double: integers beyond 2**53 are rounded.
"""


class Effect(StrEnum):
    """What a change means for callers of today, mildest first."""

    COMPATIBLE = "Compatible"
    WIDENED = "Widened"
    BREAKING = "Breaking"


@dataclass(frozen=True, slots=True)
class Column:
    """One input or output. `name` is its position for outputs and tensors without a name."""

    name: str
    type: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Signature:
    """Inputs and outputs, in order. `named` is False when callers pass inputs by position."""

    inputs: tuple[Column, ...]
    outputs: tuple[Column, ...]
    named: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between production's signature and the candidate's."""

    effect: Effect
    text: str


def parse(signature: object) -> Signature:
    """The signature in MLmodel's `signature` mapping (inputs and outputs are JSON texts). Raises SignatureError."""
    if not isinstance(signature, dict):
        raise SignatureError("the model has no signature; log it with one")
    inputs, outputs = _columns(side(signature, "inputs")), _columns(side(signature, "outputs"))
    named = all(not column.name.isdigit() for column in inputs)
    return Signature(inputs, outputs, named)


def changes(production: Signature, candidate: Signature) -> tuple[Change, ...]:
    """Every difference, inputs first. None: callers of production can call the candidate and read its answers."""
    return (*_input_changes(production, candidate), *_output_changes(production, candidate))


def effect(found: tuple[Change, ...]) -> Effect:
    """The gravest effect of `found`."""
    order = list(Effect)
    return max((change.effect for change in found), key=order.index, default=Effect.COMPATIBLE)


def _columns(entries: list[dict[str, Any]]) -> tuple[Column, ...]:
    return tuple(_column(entry, position) for position, entry in enumerate(entries))


def _column(entry: dict[str, Any], position: int) -> Column:
    name = str(entry.get("name") or position)
    optional = entry.get("required", True) is False or entry.get("optional", False) is True
    kind = str(entry.get("type", "unknown"))
    details = {key: entry[key] for key in ("tensor-spec", "items", "properties", "values") if key in entry}
    return Column(name, f"{kind} {json.dumps(details, sort_keys=True)}" if details else kind, optional)


def _input_changes(production: Signature, candidate: Signature) -> Iterator[Change]:
    old, new = ({column.name: column for column in side.inputs} for side in (production, candidate))
    for name in (name for name in old if name not in new):
        yield Change(Effect.BREAKING, f"input {name} ({old[name].type}) is gone")
    for name, column in new.items():
        if name not in old:
            yield _added(column)
        else:
            yield from _input_change(old[name], column)
    kept = [name for name in old if name in new]
    if kept != [name for name in new if name in old]:
        severity = Effect.COMPATIBLE if production.named and candidate.named else Effect.BREAKING
        yield Change(severity, f"inputs come in another order: {', '.join(n for n in new if n in old)}")


def _added(column: Column) -> Change:
    if column.optional:
        return Change(Effect.WIDENED, f"optional input {column.name} ({column.type}) is new")
    return Change(Effect.BREAKING, f"input {column.name} ({column.type}) is new and required")


def _input_change(old: Column, new: Column) -> Iterator[Change]:
    if new.type != old.type:
        wider = new.type in WIDENS.get(old.type, set())
        yield Change(Effect.WIDENED if wider else Effect.BREAKING, f"input {new.name} was {old.type} and is {new.type}")
    if old.optional and not new.optional:
        yield Change(Effect.BREAKING, f"input {new.name} was optional and is required")
    if new.optional and not old.optional:
        yield Change(Effect.WIDENED, f"input {new.name} was required and is optional")


def _output_changes(production: Signature, candidate: Signature) -> Iterator[Change]:
    """Readers rely on what they get: any change of the outputs but a new named one at the end breaks them."""
    old, new = production.outputs, candidate.outputs
    for before, after in zip(old, new, strict=False):
        if (before.name, before.type) != (after.name, after.type):
            was, now = f"{before.name} ({before.type})", f"{after.name} ({after.type})"
            yield Change(Effect.BREAKING, f"output {was} became {now}")
    for column in old[len(new) :]:
        yield Change(Effect.BREAKING, f"output {column.name} ({column.type}) is gone")
    for column in new[len(old) :]:
        severity = Effect.WIDENED if old and not column.name.isdigit() else Effect.BREAKING
        yield Change(severity, f"output {column.name} ({column.type}) is new")
