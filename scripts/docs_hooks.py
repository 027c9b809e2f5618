"""Hooks of the site: Markdown is read as GitHub reads it, where Python-Markdown differs."""

from __future__ import annotations

import re
from typing import Any

_FENCE = re.compile(r"\s*(```|~~~)")
_ITEM = re.compile(r"([-*+]|\d+\.) ")
_CODE = re.compile(r"`[^`]+`")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """`markdown` for Python-Markdown.

    It takes a list that follows a paragraph for the paragraph's text, and shows the backslash of an escaped bar in a
    table's code.
    """
    lines: list[str] = []
    fenced = False
    for line in markdown.split("\n"):
        fenced ^= bool(_FENCE.match(line))
        if not fenced and _ITEM.match(line) and lines and _is_text(lines[-1]):
            lines.append("")
        lines.append(_bars(line) if line.startswith("|") and not fenced else line)
    return "\n".join(lines)


def _is_text(line: str) -> bool:
    """Whether `line` ends a paragraph: it is no list item, nor the continuation of one."""
    return bool(line.strip()) and not line.startswith((" ", "#", "|")) and not _ITEM.match(line)


def _bars(row: str) -> str:
    return _CODE.sub(lambda code: code.group().replace("\\|", "|"), row)
