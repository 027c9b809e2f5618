"""The channels: each a file of a mounted Secret, one Apprise URL a line. URLs are credentials: nothing logs them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

DEFAULT = "default"
"""Channel of releases that name none."""

Channels = Mapping[str, tuple[str, ...]]
"""Name → URLs."""

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


def read(folder: Path) -> dict[str, tuple[str, ...]]:
    """The channels in `folder` as they are now: the kubelet keeps the files up to date. Raises OSError."""
    files = (path for path in folder.iterdir() if _NAME.fullmatch(path.name) and path.is_file())
    return {path.name: _urls(path.read_text(errors="replace")) for path in sorted(files)}


def _urls(text: str) -> tuple[str, ...]:
    lines = (line.strip() for line in text.splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def chosen(named: Sequence[str], channels: Channels) -> tuple[list[str], list[str]]:
    """The channels that a release uses which names `named`, and those of them that nobody configured."""
    if not named:
        return [name for name in (DEFAULT,) if name in channels], []
    unique = list(dict.fromkeys(named))
    return [name for name in unique if name in channels], [name for name in unique if name not in channels]
