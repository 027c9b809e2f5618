"""The phases of a revision and every move between them, as data. A test holds the planner to this table."""

from __future__ import annotations

from slipway.api.revision import AttemptOutcome, Phase

IN_FLIGHT = frozenset({Phase.PENDING, Phase.FETCHING, Phase.STAGING, Phase.GATING, Phase.CANARY, Phase.PROMOTING})
"""On its way: production does not serve it alone yet and nothing was decided against it."""

MAY_HAVE_WEIGHT = frozenset({Phase.CANARY, Phase.PROMOTING})
"""May have a share of production traffic beside the live revision."""

SERVING = frozenset({Phase.WATCHING, Phase.LIVE})
"""Production serves it."""

FAILED = frozenset({Phase.REJECTED, Phase.INCONCLUSIVE, Phase.ROLLED_BACK})
"""Ended badly: not tried again until the alias moves on or spec.retry changes."""

ENDED_EARLY = frozenset({Phase.REJECTED, Phase.INCONCLUSIVE, Phase.SUPERSEDED, Phase.ABORTED})
"""Ended before production served it: nothing of it is left running."""

_UNWANTED = frozenset({Phase.SUPERSEDED, Phase.ABORTED})
"""Ways out that are open until the flip: a newer wish, or none."""

EDGES: dict[Phase, frozenset[Phase]] = {
    Phase.PENDING: frozenset({Phase.FETCHING, Phase.REJECTED, Phase.INCONCLUSIVE}) | _UNWANTED,
    Phase.FETCHING: frozenset({Phase.STAGING, Phase.REJECTED}) | _UNWANTED,
    Phase.STAGING: frozenset({Phase.GATING, Phase.REJECTED}) | _UNWANTED,
    Phase.GATING: frozenset({Phase.CANARY, Phase.PROMOTING, Phase.REJECTED, Phase.INCONCLUSIVE}) | _UNWANTED,
    Phase.CANARY: frozenset({Phase.PROMOTING, Phase.REJECTED, Phase.INCONCLUSIVE}) | _UNWANTED,
    Phase.PROMOTING: frozenset({Phase.WATCHING, Phase.REJECTED}) | _UNWANTED,
    Phase.WATCHING: frozenset({Phase.LIVE, Phase.ROLLED_BACK}),
    Phase.LIVE: frozenset({Phase.RETIRED, Phase.ROLLED_BACK}),
    Phase.RETIRED: frozenset({Phase.LIVE}),
    Phase.ROLLED_BACK: frozenset({Phase.LIVE}),
    Phase.REJECTED: frozenset(),
    Phase.INCONCLUSIVE: frozenset(),
    Phase.SUPERSEDED: frozenset(),
    Phase.ABORTED: frozenset(),
}

OUTCOMES: dict[Phase, AttemptOutcome] = {
    Phase.LIVE: AttemptOutcome.PROMOTED,
    Phase.REJECTED: AttemptOutcome.REJECTED,
    Phase.INCONCLUSIVE: AttemptOutcome.INCONCLUSIVE,
    Phase.SUPERSEDED: AttemptOutcome.SUPERSEDED,
    Phase.ABORTED: AttemptOutcome.ABORTED,
    Phase.ROLLED_BACK: AttemptOutcome.ROLLED_BACK,
}
"""The outcome that reaching a phase settles."""
