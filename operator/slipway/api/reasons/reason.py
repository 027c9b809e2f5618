"""What a reason is: one word on the wire, with the sentence that documents it."""

from __future__ import annotations

from typing import Final

REGISTERED: Final[dict[tuple[str, str], Reason]] = {}
"""Every reason by where it is used and by its word. `docs/reference/reasons.md` is written from it."""


class Reason(str):
    """A reason, action or condition. It is the word that stands on the wire: scripts and alerts select by it."""

    used: str
    """Where it is used: `Stalled`, `Condition`, `Attempt`, `Decision`, …"""
    sentence: str
    """What it says, in one sentence."""
    remedy: str
    """What a person does about it; empty where nothing has to be done."""

    __slots__ = ("remedy", "sentence", "used")

    def __new__(cls, word: str, used: str, sentence: str, remedy: str = "") -> Reason:
        """Register `word`. Raises ValueError where `used` has the word already."""
        if (used, word) in REGISTERED:
            raise ValueError(f"{used} {word} is documented twice")
        found = super().__new__(cls, word)
        found.used, found.sentence, found.remedy = used, sentence, remedy
        REGISTERED[used, word] = found
        return found

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """A copy is the plain word."""
        return str, (str(self),)
