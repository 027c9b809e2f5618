"""What a verdict was measured on, and whether that still holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from slipway.api.gates.verdict import GateResult

CANDIDATE, PRODUCTION = "candidate", "production"
_COMPARES = ("metrics/", "contract", "custom/")
_OUR_OWN = ("metrics/", "smoke")
"""Gates whose pods run Slipway's own code: what they say they were told to measure is what they measured."""


def identity(revision: str, digest: str | None) -> str:
    """What stands for a served revision in `measuredOn`: its name and its artifacts' digest."""
    return f"{revision} {digest or ''}".strip()


def measured_on(result: GateResult, candidate: str, production: str | None) -> GateResult:
    """`result` with the identities of what it was measured on; `production` is None for a first release.

    A built-in Job that says itself which production it was pointed at is believed, since production may have changed
    while it ran. What a custom gate writes under these two keys is replaced.
    """
    told = {} if result.name.startswith(_OUR_OWN) else {CANDIDATE: candidate, PRODUCTION: production or ""}
    sides = {CANDIDATE: candidate, PRODUCTION: production or "", **result.measured_on, **told}
    return result.model_copy(update={"measured_on": {key: value for key, value in sides.items() if value}})


def stale(results: Iterable[GateResult], production: str | None) -> tuple[str, ...]:
    """Names of the comparisons in `results` that were made against another production than `production` (its identity).

    They say nothing about today's production and are to run again: metrics, contract, and custom gates, of which nobody
    knows whether they compare. A comparison that recorded no production was made without one: it is stale as soon as
    there is one. Smoke and governance look at the candidate alone.
    """
    compared = (result for result in results if result.name.startswith(_COMPARES))
    return tuple(result.name for result in compared if result.measured_on.get(PRODUCTION) != production)


def run_number(read: int, runs: Mapping[int, str | None], production: str | None) -> int:
    """The number of the Job to read next of a gate, against today's `production`; it need not exist yet.

    `read` is the number of the Job that was read last (0: none), `runs` has the gate's Jobs so far, number → identity
    of the production they were pointed at (None: there was none). A run against another production is never read again.
    """
    outdated = max((number for number, pointed_at in runs.items() if pointed_at != production), default=0)
    fresh = [number for number in runs if number > max(outdated, read)]
    return min(fresh, default=max([read, *runs]) + 1)
