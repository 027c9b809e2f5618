"""The patterns a policy may use: those that Python's re and the API server's RE2 read alike and match fast."""

from __future__ import annotations

import re
import warnings

MAX_LENGTH = 256
MAX_VALUE = 256
MAX_REPEATS = 4
"""Repeats of varying length in one pattern. Backtracking costs at most MAX_VALUE ** MAX_REPEATS / 4! steps: 0.3 s."""

_GROUP_OPENINGS = ("(?:", "(?P<")
_ESCAPES = frozenset("dDwWsSbB.^$|()[]{}*+?\\-/@:_ tnr")
_COUNTED = re.compile(r"\{(\d+)(?:,(\d*))?\}")


def problem(pattern: str) -> str | None:
    """Why `pattern` may not be used, as the end of a sentence; None when it may.

    Refused are: what RE2 does not know (look-around, back-references, possessive repeats), and a repeat of a group that
    repeats or chooses inside, since backtracking over it can take exponential time.
    """
    if len(pattern) > MAX_LENGTH:
        return f"is longer than {MAX_LENGTH} characters"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)
            re.compile(pattern, re.ASCII)
    except FutureWarning as warning:
        return f"is ambiguous ({warning}); put a \\ before the character"
    except (re.error, OverflowError, RecursionError) as error:
        return f"is not a regular expression ({error})"
    return _Scan(pattern).problem()


def matches(pattern: str, value: str) -> bool:
    """Whether the whole of `value` matches `pattern` (ASCII classes, as RE2 has them)."""
    return re.fullmatch(pattern, value, re.ASCII) is not None


class _Scan:
    """One pass over a pattern that `re` has accepted."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.repeats = 0
        self.open_groups: list[bool] = []
        self.closed_is_busy = False

    def problem(self) -> str | None:
        position = 0
        while position < len(self.pattern):
            found, position = self._step(position)
            if found:
                return found
        return f"has more than {MAX_REPEATS} repeats of varying length" if self.repeats > MAX_REPEATS else None

    def _step(self, at: int) -> tuple[str | None, int]:
        """What is wrong at position `at`, and the next position."""
        character = self.pattern[at]
        if character == "\\":
            known = self.pattern[at + 1] in _ESCAPES
            return (None if known else f"uses \\{self.pattern[at + 1]}, which RE2 reads differently"), at + 2
        if character == "[":
            return self._skip_class(at)
        if character == "(":
            return self._open(at)
        if character == ")":
            return self._close(at)
        if character == "|":
            self._mark_busy()
        if character in "*+?{":
            return self._repeat(at)
        return None, at + 1

    def _skip_class(self, at: int) -> tuple[str | None, int]:
        end = at + (2 if self.pattern[at + 1] == "^" else 1)
        end += self.pattern[end] == "]"
        while self.pattern[end] != "]":
            if self.pattern[end] == "[":
                return "has a [ inside a character class; write it as \\[", end
            end += 2 if self.pattern[end] == "\\" else 1
        return None, end + 1

    def _open(self, at: int) -> tuple[str | None, int]:
        opening = self.pattern[at : at + 2]
        known = any(self.pattern.startswith(o, at) for o in _GROUP_OPENINGS)
        if opening == "(?" and not known:
            return f"uses {self.pattern[at : at + 3]}, which RE2 does not know", at + 1
        self.open_groups.append(False)
        if not known:
            return None, at + 1
        return None, self.pattern.index(">", at) + 1 if opening + "P" == self.pattern[at : at + 3] else at + 3

    def _close(self, at: int) -> tuple[str | None, int]:
        busy = self.open_groups.pop()
        if busy:
            self._mark_busy()
        if busy and self.pattern[at + 1 : at + 2] in {"*", "+", "{"}:
            return "repeats a group that itself repeats or chooses, which can take exponential time to match", at + 1
        return None, at + 1

    def _repeat(self, at: int) -> tuple[str | None, int]:
        counted = _COUNTED.match(self.pattern, at)
        if self.pattern[at] == "{" and counted is None:
            return "has a { that is no repeat; write it as \\{", at + 1
        end = counted.end() if counted else at + 1
        if counted and max(int(n) for n in counted.groups(default="0") if n) > MAX_LENGTH:
            return f"repeats more than {MAX_LENGTH} times", end
        if self.pattern[end : end + 1] == "+":
            return "uses a possessive repeat, which RE2 does not know", end
        fixed = counted is not None and counted.group(2) is None
        self.repeats += not fixed and self.pattern[at] != "?"
        if not fixed:
            self._mark_busy()
        return None, end + (self.pattern[end : end + 1] == "?")

    def _mark_busy(self) -> None:
        if self.open_groups:
            self.open_groups[-1] = True
