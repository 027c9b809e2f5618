"""The patterns that a policy may use: RE2's, as in the API server, which match in time linear in the value."""

from __future__ import annotations

from typing import Any

import re2

MAX_LENGTH = 256
MAX_VALUE = 256


def problem(pattern: str) -> str | None:
    """Why `pattern` may not be used, as the end of a sentence; None when it may."""
    if len(pattern) > MAX_LENGTH:
        return f"is longer than {MAX_LENGTH} characters"
    try:
        _compiled(pattern)
    except ValueError as error:
        return f"is not a regular expression of RE2 ({error})"
    return None


def matches(pattern: str, value: str) -> bool:
    """Whether the whole of `value` matches; classes are ASCII. Raises ValueError for a pattern that may not be used."""
    return _compiled(pattern).fullmatch(value.encode(errors="surrogatepass")) is not None


def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern.encode(), options)
    except re2.error as error:
        words = error.args[0]
        raise ValueError(words.decode(errors="replace") if isinstance(words, bytes) else str(words)) from error
