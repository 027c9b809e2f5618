"""What the versions are. Imports nothing, so that the command line answers at once."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """The versions of the demonstration in the order in which an empty registry gets them."""

    MODEST = "modest"
    """v1: right often enough to start with."""
    GOOD = "good"
    """v2: clearly better; every later version is held against it."""
    WORSE = "worse"
    """v3: above any sensible floor, but a regression against v1 and v2."""
    SLOW = "slow"
    """v4: as good as v2, and takes longer than 200 ms for every request."""
    BROKEN = "broken"
    """v5: as good as v2 by its metrics, and its file was damaged before the upload."""
    UNTAGGED = "untagged"
    """v6: as good as v2, and nobody put down who owns it."""
    DRILL = "drill"
    """Not in the demonstration: as good as v2, and late or failing for a request that asks; for `make smoke_prod`."""


DEMONSTRATION = tuple(kind for kind in Kind if kind is not Kind.DRILL)
