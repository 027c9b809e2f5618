"""Text that others wrote, made fit for a status field, a log line and a terminal."""

from __future__ import annotations

import math
import unicodedata

_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_BLANKS = frozenset("\t\n\r")


def unprintable(text: str) -> str | None:
    """The first character of `text` that could steer a terminal, hide text or break UTF-8; None when there is none.

    These are Unicode's control, format (bidirectional marks), surrogate and line or paragraph separator characters.
    Tab, line feed and carriage return are no concern here: `plain` turns them into blanks.
    """
    for character in text:
        if unicodedata.category(character) in _UNPRINTABLE and character not in _BLANKS:
            return character
    return None


def plain(text: str, limit: int) -> str:
    """`text` on one line, no unprintable characters, at most `limit` characters (cut off with an ellipsis)."""
    shown = "".join("�" if unprintable(c) else c for c in text[: 4 * limit])
    line = " ".join(shown.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def count(number: int, noun: str) -> str:
    """`number` and `noun` in the singular or plural: 1 tag, 2 tags."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def figure(value: float | None, unit: str | None = None) -> str:
    """A number with four significant digits and its unit; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return "-"
    return f"{value:.4g}{f' {unit}' if unit else ''}"
