"""The last thing that every registry said, kept so that a decision never waits for a registry."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from slipway.metrics.instruments import Instruments
from slipway.plan.situation.needs import Described
from slipway.plan.situation.observed import RegistryView, Undescribed, Version
from slipway.registry.protocol import Promotion, RegistryClient, RegistryError, RegistryRefusal

LOG = logging.getLogger(__name__)

VERSION_TTL_SECONDS = 10.0
NOT_ASKED = "the registry has not been queried yet"


_Key = tuple[str, str, frozenset[str]]
"""Model, version, and the metrics that were asked for."""


@dataclass
class _Entry:
    """One connection with what it said last."""

    registry: RegistryClient
    interval: float
    problem: str | None = NOT_ASKED
    aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    versions: dict[_Key, tuple[float, Version]] = field(default_factory=dict)


class RegistryCache:
    """Views of all registries; polls each on its interval and reports which models changed."""

    def __init__(self, registries: Mapping[str, tuple[RegistryClient, float]], instruments: Instruments) -> None:
        self._entries = {name: _Entry(registry, interval) for name, (registry, interval) in registries.items()}
        self._instruments = instruments

    def view(self, name: str, model: str) -> RegistryView:
        """What is known of `model` without asking. Raises KeyError for a registry that is not configured."""
        entry = self._entries[name]
        exists = model in entry.aliases if entry.problem is None else None
        return RegistryView(entry.problem, exists, dict(entry.aliases.get(model, {})))

    async def versions(self, name: str, model: str, wanted: Described, now: float) -> dict[str, Version | Undescribed]:
        """The `wanted` versions as the registry describes them now, or why it does not."""
        entry = self._entries[name]
        keys = [(model, version, wanted.metrics) for version in sorted(wanted.versions)]
        return {key[1]: await self._version(entry, key, now) for key in keys}

    async def _version(self, entry: _Entry, key: _Key, now: float) -> Version | Undescribed:
        at, known = entry.versions.get(key, (float("-inf"), None))
        if known is not None and now - at < VERSION_TTL_SECONDS:
            return known
        try:
            described = await entry.registry.version(*key)
        except RegistryError as error:
            LOG.warning("registry could not describe %s version %s: %s", *key[:2], error)
            return Undescribed(str(error), final=isinstance(error, RegistryRefusal))
        entry.versions[key] = (now, described)
        return described

    async def announce(self, name: str, promotion: Promotion) -> None:
        """Tell the registry, then look at what it says now. Raises RegistryError."""
        entry = self._entries[name]
        await entry.registry.announce(promotion)
        await self.refresh(name)

    async def tag(self, name: str, model: str, version: str, tag: tuple[str, str]) -> None:
        """Set a tag of a model version. Raises RegistryError."""
        await self._entries[name].registry.tag(model, version, tag)

    async def follow(self, name: str, changed: Callable[[frozenset[str] | None], None]) -> None:
        """Poll `name` for ever; `changed` gets the models that moved, or None when all may have."""
        entry = self._entries[name]
        while True:
            moved = await self.refresh(name)
            if moved is None or moved:
                changed(moved)
            await asyncio.sleep(entry.interval)

    async def refresh(self, name: str) -> frozenset[str] | None:
        """Ask the registry `name` once. Returns which models' aliases moved; None when reachability changed."""
        entry = self._entries[name]
        before, problem = entry.aliases, entry.problem
        try:
            entry.aliases, entry.problem = await entry.registry.aliases(), None
        except RegistryError as error:
            entry.problem = f"registry {name} is unreachable: {error}"
        self._instruments.registry_up.labels(name).set(0 if entry.problem else 1)
        if (problem is None) != (entry.problem is None):
            LOG.info("registry %s: %s", name, entry.problem or "reachable")
            return None
        names = set(before) | set(entry.aliases)
        return frozenset(model for model in names if before.get(model) != entry.aliases.get(model))
