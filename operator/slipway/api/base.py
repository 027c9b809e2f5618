"""What every API type shares: frozen, camelCase on the wire, and the scalar types with their patterns."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic.config import JsonDict

GROUP = "slipway.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")

Duration = Annotated[str, Field(pattern=r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$", max_length=32)]
"""A span of time as Kubernetes writes it, such as `200ms`, `90s` or `1h30m`."""

Ratio = Annotated[float, Field(ge=0, le=1)]
"""A share between 0 and 1."""

ObjectName = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", min_length=1, max_length=63)]
"""A DNS-1123 label: what Kubernetes accepts as the name of an object."""

Timestamp = Annotated[str, Field(max_length=40, json_schema_extra={"format": "date-time"})]
"""An RFC 3339 time in UTC."""

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$", max_length=71)]
"""A SHA-256 digest with its algorithm in front, as container registries write it."""


def validated(*rules: dict[str, str]) -> JsonDict:
    """JSON schema extra that carries CEL `rules`, each with the keys rule and message."""
    return {"x-kubernetes-validations": [dict(rule) for rule in rules]}


class Frozen(BaseModel):
    """An immutable value: camelCase on the wire, unknown fields ignored (the API server already pruned them)."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True, extra="ignore")

    def wire(self) -> dict[str, Any]:
        """The value as it is written to the API server: camelCase, nothing for what is unset."""
        return self.model_dump(by_alias=True, exclude_none=True, mode="json")


def seconds(duration: str) -> float:
    """Seconds in `duration`.

    Raises ValueError for text that is not a Duration.
    """
    parts = _DURATION_PART.findall(duration)
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        raise ValueError(f"{duration!r} is not a duration such as 200ms, 90s or 1h30m")
    return sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts)
