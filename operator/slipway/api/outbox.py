"""The outbox in a status: what was decided, in the same write as the change itself, until the audit store has it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from slipway.api.base import Frozen, Timestamp

CAPACITY = 128
"""Entries that one object can hold."""
FORWARD_LIMIT = 96
"""Entries from which on nothing is promoted: the rest is kept for ways back, which are never held up."""

Word = Annotated[str, Field(max_length=128)]
Line = Annotated[str, Field(max_length=1024)]
Hex = Annotated[str, Field(max_length=71)]


class Outcome(StrEnum):
    """What an entry says about an effect. Every effect is Intended once, and then either Done or Dropped, once."""

    INTENDED = "Intended"
    DONE = "Done"
    DROPPED = "Dropped"
    DECIDED = "Decided"
    """Not about an effect: a decision, or a fact."""


class Entry(Frozen):
    """One decision or effect."""

    seq: int = Field(ge=1, description="Number of the entry within this object.")
    at: Timestamp = Field(description="When it was decided.")
    action: Word = Field(description="The decision, as a machine-readable word.")
    revision: Word = Field(description="The ModelRevision it concerns. Empty if none.")
    digests: dict[str, Hex] = Field(
        default_factory=dict,
        max_length=4,
        description="Digest of the artifacts; hashes of pods and policy.",
    )
    actor: Line = Field(
        description="Who decided: a user as authenticated by the API server, the rule that fired, or unverified."
    )
    reason: Line = Field(description="Human-readable reason.")
    from_: Word | None = Field(None, alias="from", description="Phase, revision or version before.")
    to: Word | None = Field(None, description="Phase, revision or version after.")
    effect: Word | None = Field(None, description="The effect it concerns, such as Flip. Unset if none.")
    outcome: Outcome = Field(Outcome.DECIDED, description="Outcome of the effect.")
    details: dict[str, Line] = Field(default_factory=dict, max_length=32, description="Values and names.")
    evidence: dict[str, Hex] = Field(
        default_factory=dict, max_length=40, description="SHA-256 of each gate's result, as canonical JSON."
    )


Outbox = Annotated[tuple[Entry, ...], Field(max_length=CAPACITY)]
