"""Writes that are refused again and again: remembered in the process, to be shown and to be tried ever less often.

No decision hangs on them. A race is lost once or twice and nobody has to know; what is refused time after time would
wait in silence for ever, so it becomes the condition Stalled, which is told and recorded like every other stall.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from slipway.api.reasons import stalls
from slipway.cluster.port import ClusterError, Conflict
from slipway.registry.protocol import RegistryError
from slipway.words.names import Key

REPEATED = 5
"""Refusals in a row from which on a person has to know."""
OWN_STATUS = "its own status"
"""The subject of what cannot be shown, because it is the place where it would be."""


@dataclass(frozen=True)
class Refusal:
    """A write that was refused, the last time by `error`."""

    reason: str
    message: str
    """The first answer of its kind: a text that changed each time would be a write each time."""
    times: int
    """In a row, for the same reason."""
    error: Exception


class Refusals:
    """What was refused last, by release and by what was to be written."""

    def __init__(self) -> None:
        self._known: dict[Key, dict[str, Refusal]] = {}

    @contextmanager
    def attempt(self, key: Key, subject: str) -> Iterator[None]:
        """Around one write of `subject` for the release `key`."""
        try:
            yield
        except (ClusterError, RegistryError) as error:
            known = self._known.setdefault(key, {})
            known[subject] = _after(known.get(subject), error)
            raise
        self._known.get(key, {}).pop(subject, None)

    def rested(self, key: Key) -> None:
        """Nothing but its own status is to be written for `key` any more."""
        own = self._known.pop(key, {}).get(OWN_STATUS)
        if own is not None:
            self._known[key] = {OWN_STATUS: own}

    def forget(self, key: Key) -> None:
        """The release is gone."""
        self._known.pop(key, None)

    def times(self, key: Key, error: Exception) -> int:
        """How often in a row the write that ended with `error` has been refused by now; 0: it was no write."""
        return next((each.times for each in self._known.get(key, {}).values() if each.error is error), 0)

    def stalled(self, key: Key) -> tuple[str, str] | None:
        """Reason and sentence of what has been refused too often; None where nothing has."""
        for subject, refusal in self._known.get(key, {}).items():
            if refusal.times >= REPEATED and subject != OWN_STATUS:
                return refusal.reason, f"{subject}: {refusal.message}; it is tried again less and less often"
        return None


def _after(before: Refusal | None, error: Exception) -> Refusal:
    reason, why = _judged(error)
    if before is None or before.reason != reason:
        return Refusal(reason, f"{why} ({error})", 1, error)
    return Refusal(reason, before.message, before.times + 1, error)


def _judged(error: Exception) -> tuple[str, str]:
    """Reason in one word, and what it means."""
    if isinstance(error, Conflict):
        return stalls.WRITE_CONFLICT, "somebody else changes it between each look at it and the write that follows"
    return stalls.WRITE_REFUSED, "it cannot be written"
