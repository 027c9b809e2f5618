"""What a verdict was measured on, and whether that still holds."""

from __future__ import annotations

from collections.abc import Iterable

from slipway.api.verdict import GateResult

CANDIDATE, PRODUCTION = "candidate", "production"
_COMPARES = ("metrics/", "contract")


def identity(revision: str, digest: str | None) -> str:
    """What stands for a served revision in `measuredOn`: its name and its artifacts' digest."""
    return f"{revision} {digest or ''}".strip()


def measured_on(result: GateResult, candidate: str, production: str | None) -> GateResult:
    """`result` with the identities of what it was measured on; `production` is None for a first release."""
    sides = {CANDIDATE: candidate, **({PRODUCTION: production} if production else {})}
    return result.model_copy(update={"measured_on": {**sides, **result.measured_on}})


def stale(results: Iterable[GateResult], production: str | None) -> tuple[str, ...]:
    """Names of the comparisons in `results` that were made against another production than `production` (its identity).

    They say nothing about today's production and are to run again. A comparison that never recorded a production was
    made without one: it is stale as soon as there is one.
    """
    compared = (result for result in results if result.name.startswith(_COMPARES) or PRODUCTION in result.measured_on)
    return tuple(result.name for result in compared if result.measured_on.get(PRODUCTION) != production)
