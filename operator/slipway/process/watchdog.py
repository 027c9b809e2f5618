"""Notices a dead watch stream: what a listing shows must have been seen by the watch a moment later.

kopf's own health check stays green when a watcher task has died (nolar/kopf#1145).
"""

from __future__ import annotations

from dataclasses import dataclass, field

LIMIT_SECONDS = 60.0

ObjectKey = tuple[str, str]


@dataclass
class Watchdog:
    """Compares resource versions that the watch delivered with those that listings show."""

    _delivered: dict[ObjectKey, str] = field(default_factory=dict)
    _missing: dict[ObjectKey, tuple[str, float]] = field(default_factory=dict)

    def delivered(self, key: ObjectKey, resource_version: str, deleted: bool) -> None:
        """The watch delivered an event."""
        if deleted:
            self._delivered.pop(key, None)
        else:
            self._delivered[key] = resource_version
        self._missing.pop(key, None)

    def listed(self, versions: dict[ObjectKey, str], now: float) -> None:
        """A listing, complete, at `now` in seconds."""
        for key in [k for k in self._missing if k not in versions]:
            del self._missing[key]
        for key in [k for k in self._delivered if k not in versions]:
            del self._delivered[key]
        for key, version in versions.items():
            if self._delivered.get(key) == version:
                self._missing.pop(key, None)
            elif key not in self._missing:
                self._missing[key] = (version, now)

    def lag(self, now: float) -> float:
        """Seconds for which the oldest listed change has gone undelivered; 0 while none has."""
        return max((now - since for _, since in self._missing.values()), default=0.0)
