"""Times on the wire. Nothing here reads a clock: the time is always an argument."""

from __future__ import annotations

from datetime import UTC, datetime

CLOCKS_APART_SECONDS = 5.0
"""Two machines' clocks may differ by so much: nearer times do not say which was earlier."""


def stamp(now: datetime) -> str:
    """`now` as RFC 3339 in UTC with milliseconds."""
    return now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(text: str) -> datetime:
    """The time in `text`. Raises ValueError for text that is not RFC 3339."""
    return datetime.fromisoformat(text)


def elapsed(since: str | None, now: datetime) -> float:
    """Seconds from `since` to `now`; 0 without a start, and never negative: clocks may step back."""
    return max(0.0, (now - parse(since)).total_seconds()) if since else 0.0
