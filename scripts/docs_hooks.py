"""Hooks of the site: Markdown is read as GitHub reads it, where Python-Markdown differs."""

from __future__ import annotations

import re
from typing import Any

_FENCE = re.compile(r"\s*(```|~~~)")
_ITEM = re.compile(r"([-*+]|\d+\.) ")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """`markdown` with a blank line before each list, without which Python-Markdown takes it for text."""
    lines: list[str] = []
    fenced = False
    for line in markdown.split("\n"):
        fenced ^= bool(_FENCE.match(line))
        if not fenced and _ITEM.match(line) and lines and _is_text(lines[-1]):
            lines.append("")
        lines.append(line)
    return "\n".join(lines)


def _is_text(line: str) -> bool:
    """Whether `line` ends a paragraph: it is no list item, nor the continuation of one."""
    return bool(line.strip()) and not line.startswith((" ", "#", "|")) and not _ITEM.match(line)
