"""What the operator asks of a model registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from slipway.plan.situation.observed import Version

GONE = "RESOURCE_DOES_NOT_EXIST"
"""MLflow's word for what it does not have."""


class RegistryError(Exception):
    """The registry did not answer as it should: wait and retry. The text says what happened."""


class RegistryRefusal(RegistryError):
    """The registry answered, and will answer the same until somebody acts. The text has its words."""


@dataclass(frozen=True)
class Promotion:
    """What the registry is to be told."""

    model: str
    version: str
    alias: str
    sync_stages: bool


class RegistryClient(Protocol):
    """One connection. Every method raises RegistryError."""

    async def aliases(self) -> Mapping[str, Mapping[str, str]]:
        """Every registered model with its aliases: one listing serves every release."""
        ...

    async def version(self, model: str, version: str, metrics: frozenset[str]) -> Version:
        """One model version with its tags and what was logged of `metrics`. Raises RegistryRefusal as well."""
        ...

    async def tag(self, model: str, version: str, tag: tuple[str, str]) -> None:
        """Set one tag, name and value, of a model version. That the version is gone is fine."""
        ...

    async def announce(self, promotion: Promotion) -> None:
        """Bring the stages in step, then move the alias."""
        ...
