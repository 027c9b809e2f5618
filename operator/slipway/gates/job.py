"""What a gate's pod left behind, read as untrusted input: the verdict JSON in its termination message."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Annotated, Any, NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from slipway.api.gates.verdict import GateResult, Verdict
from slipway.words.text import plain, unprintable

MAX_BYTES = 4096
"""What the kubelet keeps of a termination message. Text of this length may have been cut."""

MAX_DEPTH = 8
MAX_INTEGER = 2**53
"""Integers below this survive every JSON reader on the way."""

_OPERATORS_OWN = ("name", "dryRun", "attempts", "startedAt", "durationSeconds")
_KILLED = 137
_REASONS = {
    "OOMKilled": "it ran out of memory; give the gate's container a higher memory limit",
    "DeadlineExceeded": "it ran out of time; raise the gate's timeout or reduce its work",
    "BackoffLimitExceeded": "its container failed without a verdict; read the log of its Job's pod",
    "ErrImagePull": "its image cannot be pulled; check the image's name and the pull secrets",
    "ImagePullBackOff": "its image cannot be pulled; check the image's name and the pull secrets",
    "InvalidImageName": "its image's name is not valid",
    "CreateContainerConfigError": "a ConfigMap or Secret that its container names does not exist",
    "Evicted": "its pod was evicted from the node",
}

VerdictLine = Annotated[str, Field(min_length=1, max_length=1024)]


class _Written(BaseModel):
    """The part of a GateResult that a pod may write. docs/gates.md documents it for custom gates."""

    model_config = ConfigDict(frozen=True, strict=True, alias_generator=to_camel, extra="forbid")

    verdict: Annotated[Verdict, Field(strict=False)]
    message: VerdictLine
    measured: float | None = None
    threshold: float | None = None
    unit: Annotated[str, Field(max_length=32)] | None = None
    n: Annotated[int, Field(ge=0, lt=MAX_INTEGER)] | None = None
    bound: float | None = None
    method: Annotated[str, Field(max_length=256)] | None = None
    measured_on: Annotated[dict[str, Annotated[str, Field(max_length=256)]], Field(max_length=16)] = {}
    details: dict[str, Any] = {}


class _Unusable(ValueError):
    """Why a verdict cannot be used, as the end of a sentence."""


def read(name: str, message: str | None, exit_code: int | None, reason: str | None) -> GateResult:
    """The result that the pod of gate `name` wrote; an Error that says what was wrong when it cannot be used.

    `message`, `exit_code` and `reason` come from the container's `state.terminated`, or `reason` from the Job or the
    waiting container when there is no such state. A Pass counts only from a container that ended with 0.
    """
    if not message or not message.strip():
        return _error(name, _no_verdict(exit_code, reason))
    try:
        written = _written(message)
    except _Unusable as problem:
        return _error(name, f"the gate's verdict cannot be used: {problem}{_ended(exit_code, reason)}")
    if written.verdict is Verdict.PASS and exit_code != 0:
        return _error(name, f"the gate reported Pass but its container failed{_ended(exit_code, reason)}")
    if written.verdict is Verdict.PASS and written.n == 0:
        return _error(name, "the gate reported Pass with a sample size of 0; no data is never Pass")
    kept = written.model_dump(by_alias=True, exclude_none=True)
    return GateResult.model_validate({**kept, "name": name, "message": plain(written.message, 1024)})


def _written(message: str) -> _Written:
    if len(message.encode(errors="surrogatepass")) > MAX_BYTES:
        raise _Unusable(f"it is longer than {MAX_BYTES} bytes; write a shorter one")
    document = _document(message)
    if character := next(filter(None, map(unprintable, _strings(document))), None):
        raise _Unusable(f"it contains the unprintable character U+{ord(character):04X}")
    try:
        return _Written.model_validate({k: v for k, v in document.items() if k not in _OPERATORS_OWN})
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = plain(".".join(map(str, first["loc"])), 80)
        raise _Unusable(f"field {place}: {plain(first['msg'], 200)} (docs/gates.md has the schema)") from error


def _document(message: str) -> dict[str, Any]:
    try:
        document = json.loads(
            message,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_representable,
            object_pairs_hook=_unique,
        )
    except json.JSONDecodeError as error:
        if len(message.encode(errors="surrogatepass")) >= MAX_BYTES:
            raise _Unusable(f"it is longer than {MAX_BYTES} bytes and was cut; write a shorter one") from error
        raise _Unusable(f"it is not JSON ({error.msg}): {plain(message, 80)!r}") from error
    except (RecursionError, ValueError) as error:
        raise _Unusable(plain(str(error), 200)) from error
    if not isinstance(document, dict):
        raise _Unusable("it is not a JSON object")
    return document


def _strings(value: object, depth: int = 0) -> Iterator[str]:
    """Every string inside a JSON value, keys included. Raises _Unusable when it is nested too deeply."""
    if depth > MAX_DEPTH:
        raise _Unusable(f"it is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _strings(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner, depth + 1)


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"it contains {text}, which is no JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"it contains {text[:40]}, which is too large a number")
    return value


def _representable(text: str) -> int:
    value = int(text)
    if abs(value) >= MAX_INTEGER:
        raise ValueError(f"it contains {plain(text, 40)}, which is too large a number")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("it has a duplicate key")
    return document


def _no_verdict(exit_code: int | None, reason: str | None) -> str:
    if exit_code == _KILLED and reason in (None, "Error", "BackoffLimitExceeded"):
        return (
            "the gate gave no verdict: its container was killed (exit code 137), usually because it ran out of memory"
        )
    if reason in _REASONS:
        return f"the gate gave no verdict: {_REASONS[reason]}"
    return f"the gate gave no verdict{_ended(exit_code, reason)}; read the log of its Job's pod"


def _ended(exit_code: int | None, reason: str | None) -> str:
    """How the container ended, as the tail of a sentence; nothing when it ended with 0."""
    if exit_code == 0:
        return ""
    code = f"exit code {exit_code}" if exit_code is not None else "it has no exit code"
    return f" ({code}{f', {plain(reason, 80)}' if reason else ''})"


def _error(name: str, message: str) -> GateResult:
    return GateResult(name=name, verdict=Verdict.ERROR, message=plain(message, 1024))
