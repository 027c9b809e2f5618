"""Who asked for what, as the API server knows it: stamps on a ModelRelease that only the admission webhook can make.

The stamps are the annotation `slipway.dev/actors`: a MAC, then JSON: part of the spec → who changed it last, and when.
The MAC (HMAC-SHA256, RFC 2104) covers the object's name, its generation and its spec too. The API server counts
generations, so one change of the spec that the webhook did not see ends all stamps: nobody knows who it was, and nobody
is guessed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NewType

from pydantic import TypeAdapter

from slipway.api.base import Frozen, Timestamp
from slipway.api.release import ReleaseSpec
from slipway.words.canonical import sorted_json

ANNOTATION = "slipway.dev/actors"

Actor = NewType("Actor", str)
"""Who decided, as records and Events name it. Made here alone: a user, a rule, Slipway itself, or nobody knows who."""

UNVERIFIED = Actor("unverified")
"""Somebody whom the API server did not name."""
SLIPWAY = Actor("slipway")
"""What follows from what was decided before."""

SHORTEST_KEY = 32
"""Bytes of the key: as many as the MAC has."""


class Part(StrEnum):
    """The parts of a spec whose last change is stamped apart, so that it outlives changes of the others."""

    ROLLBACK = "spec.rollback"
    APPROVED = "spec.gates.approval.approved"
    RESUME = "spec.resume"
    RETRY = "spec.retry"
    PAUSED = "spec.paused"
    CANDIDATE = "spec.model.candidate"
    SPEC = "spec"
    """All the rest."""


class Stamp(Frozen):
    """Who gave a part of the spec its value."""

    user: str
    at: Timestamp


@dataclass(frozen=True)
class Actors:
    """The stamps of a release that count."""

    stamps: Mapping[Part, Stamp] = field(default_factory=dict)

    def who(self, part: Part) -> Actor:
        """User who gave `part` its present value; "unverified" where the API server did not say."""
        return Actor(self.stamps[part].user) if part in self.stamps else UNVERIFIED


def rule(name: str) -> Actor:
    """The actor of what Slipway decides by itself: the rule that fired."""
    return Actor(f"rule:{name}")


def written(actor: str) -> Actor:
    """An actor that was written down earlier, in a status or in a spec."""
    return Actor(actor)


@dataclass(frozen=True)
class Signed:
    """A release, as far as stamps go."""

    namespace: str
    name: str
    generation: int
    spec: ReleaseSpec
    annotation: str | None


def actors(key: bytes, release: Signed) -> Actors:
    """The stamps of `release`, if they were made with `key` for this object as it is now.

    Nothing of the text is read before its MAC is known to be right: it may be anybody's.
    """
    mac, _, text = (release.annotation or "").partition(" ")
    if not hmac.compare_digest(mac.encode(), _mac(key, release, text).encode()):
        return Actors()
    known = set(Part)
    return Actors({Part(part): stamp for part, stamp in _STAMPS.validate_json(text).items() if part in known})


def stamped(key: bytes, before: Signed | None, after: Signed, stamp: Stamp) -> str:
    """The annotation that `after` should carry: `stamp` is on what differs from `before`; None: the release is new."""
    stamps = dict(actors(key, before).stamps) if before else {}
    for part in Part:
        if before is None or _value(before.spec, part) != _value(after.spec, part):
            stamps[part] = stamp
    text = json.dumps({part.value: stamp.wire() for part, stamp in stamps.items()}, separators=(",", ":"))
    return f"{_mac(key, after, text)} {text}"


def _mac(key: bytes, release: Signed, text: str) -> str:
    """No name has a slash or a line's end, and neither has the spec's canonical JSON: no two objects sign the same."""
    spec = sorted_json(_wire(release.spec))
    message = f"{ANNOTATION}\n{release.namespace}/{release.name}\n{release.generation}\n{spec}\n{text}"
    return hmac.new(key, message.encode(), hashlib.sha256).hexdigest()


def _wire(spec: ReleaseSpec) -> dict[str, Any]:
    """Without what is left to its default: a field that a later version of Slipway adds ends no stamp."""
    return spec.model_dump(by_alias=True, exclude_none=True, exclude_defaults=True, mode="json")


def _value(spec: ReleaseSpec, part: Part) -> Any:
    wire = _wire(spec)
    return _without_parts(wire, Part.SPEC.value) if part is Part.SPEC else _at(wire, part)


def _at(wire: Mapping[str, Any], part: Part) -> Any:
    value: Any = wire
    for key in part.value.split(".")[1:]:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _without_parts(wire: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """`wire` without the other parts, and without the empty objects that this leaves."""
    parts, rest = set(Part), {}
    for key, value in wire.items():
        path = f"{prefix}.{key}"
        kept = _without_parts(value, path) if isinstance(value, Mapping) else value
        if path not in parts and kept != {}:
            rest[key] = kept
    return rest


_STAMPS: TypeAdapter[dict[str, Stamp]] = TypeAdapter(dict[str, Stamp])
