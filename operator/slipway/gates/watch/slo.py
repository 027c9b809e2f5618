"""Whether a revision breaches its SLO, judged on raw counters by tests that are valid at every look.

Two questions, each asked of slow answers and of errors:

* Is the candidate's share of bad requests over the objective? The likelihood ratio against a mixture of worse shares is
  an e-process, so by Ville's inequality the chance that it ever reaches 1/alpha while all is well is at most alpha,
  however often one looks (Ville 1939; Ramdas et al. 2023, "Game-theoretic statistics and safe anytime-valid
  inference").
* Is production just as bad? Then going back to it helps nobody, and the answer is to halt: see `comparison`.

Errors are a share of all requests, slow answers of those that the latency histogram timed: requests of very many rows
are not among them.

docs/slo.md has the mathematics and the figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import exp, inf, log

from slipway.api.base import seconds
from slipway.api.policy import SLO, SLOW_RATIO
from slipway.api.revision import Counted
from slipway.gates.watch.comparison import log_e_worse
from slipway.gates.watch.sequential import MULTIPLES, log_e, median_to_detect

ALPHA = 0.05
"""Chance of taking back a revision that keeps its objectives, over all looks and both objectives."""
LOG_THRESHOLD = log(2 / ALPHA)
"""Each of the two objectives may use up half of ALPHA."""
MIN_REQUESTS = 30
"""Fewer requests never decide: bursts are correlated, and the test assumes that they are not. Timed ones on latency."""
_LARGEST = 1e9
"""E-values are written down up to here: JSON knows no infinity."""


class SloState(StrEnum):
    """What the counters say."""

    HEALTHY = "Healthy"
    """No breach is shown."""
    BREACH = "Breach"
    """The candidate is over its objective, and production is not known to be."""
    EVERYTHING_BAD = "EverythingBad"
    """The candidate is over its objective, and so is production: the cause lies elsewhere, going back is no help."""
    NO_DATA = "NoData"
    """Nothing was counted. Never a pass."""
    LATENCY_NOT_JUDGED = "LatencyNotJudged"
    """No breach is shown, and no request was of those that latency is judged on."""


@dataclass(frozen=True)
class SloJudgement:
    """What the counters say, in one word and in one sentence, with the figures behind it."""

    state: SloState
    message: str
    figures: Mapping[str, float] = field(default_factory=dict)
    """JSON numbers: counts, eSlow, eErrors, eSlowWorse, eErrorsWorse, threshold, medianToDetectSlow, …Errors."""

    @property
    def kept(self) -> str:
        """Which objectives no breach of is shown."""
        return "its objective for errors" if self.state is SloState.LATENCY_NOT_JUDGED else "its objectives"


@dataclass(frozen=True)
class _Objective:
    """One objective with what was counted against it."""

    key: str
    phrase: str
    allowed: float
    bad: int
    of: int
    """The requests that it is judged on."""
    log_e: float
    shared: bool
    """Production is over it just as well."""


def judge(objective: SLO, candidate: Counted, production: Counted | None = None) -> SloJudgement:
    """Judge the `candidate`'s counters against `objective`.

    `production` is what production answered: beside the candidate (a `Beside`, during a canary), or before the flip (a
    plain `Counted`). Without it a breach is always the candidate's own.
    """
    figures = _figures(objective, candidate, production)
    if candidate.requests == 0:
        return SloJudgement(SloState.NO_DATA, "no request was counted", figures)
    looks = [_look(objective, key, candidate, production) for key in ("slow", "errors")]
    broken = [look for look in looks if look.of >= MIN_REQUESTS and look.log_e >= LOG_THRESHOLD]
    if not broken:
        state = SloState.HEALTHY if candidate.by_latency else SloState.LATENCY_NOT_JUDGED
        return SloJudgement(state, _counts(objective, candidate), figures)
    own = next((look for look in broken if not look.shared), None)
    if own is not None:
        return SloJudgement(SloState.BREACH, _sentence(own), figures)
    message = f"{_sentence(broken[0])}; production is affected too, so this revision is not the cause"
    return SloJudgement(SloState.EVERYTHING_BAD, message, figures)


def _counts(objective: SLO, candidate: Counted) -> str:
    """What was counted, where that shows no breach."""
    few = f"; at least {MIN_REQUESTS} are needed to decide" if candidate.requests < MIN_REQUESTS else ""
    if candidate.timed is None:
        return f"{candidate.requests} requests, {candidate.slow} slow, {candidate.errors} failed{few}"
    answered, rows = f"{candidate.requests} requests, {candidate.errors} failed", objective.latency.rows
    if candidate.timed == 0:
        return f"{answered}{few}; latency is not judged: only requests of more than {rows} rows"
    if not few and candidate.timed < MIN_REQUESTS:
        few = f"; at least {MIN_REQUESTS} are needed to decide on latency"
    return f"{answered}; {candidate.slow} slow of {candidate.timed} with at most {rows} rows{few}"


def _look(objective: SLO, key: str, candidate: Counted, production: Counted | None) -> _Objective:
    allowed, bad, of = _allowed(objective, key), int(getattr(candidate, key)), candidate.out_of(key)
    slower = f"slower than {seconds(objective.latency.p95) * 1000:g} ms"
    if candidate.timed is not None:
        slower = f"{slower}, among those of at most {objective.latency.rows} rows"
    phrase = slower if key == "slow" else "answered with a 5xx status"
    return _Objective(
        key, phrase, allowed, bad, of, log_e(bad, of, allowed), _shared(allowed, key, candidate, production)
    )


def _allowed(objective: SLO, key: str) -> float:
    return SLOW_RATIO if key == "slow" else objective.errors.ratio


def _shared(allowed: float, key: str, candidate: Counted, production: Counted | None) -> bool:
    """Whether production is over the objective as well, and the candidate is not shown to be worse than it.

    Production with little traffic cannot show a breach as fast as the candidate does; then it is enough that what it
    shows speaks for a breach, and that the comparison speaks against the candidate being worse.
    """
    if production is None or production.out_of(key) < MIN_REQUESTS:
        return False
    theirs, worse = (
        log_e(getattr(production, key), production.out_of(key), allowed),
        log_e_worse(key, candidate, production),
    )
    return worse < LOG_THRESHOLD and (theirs >= LOG_THRESHOLD or (theirs > 0 and worse < 0))


def _sentence(look: _Objective) -> str:
    return f"{look.bad} of {look.of} requests were {look.phrase}; limit {look.allowed:.1%}"


def _figures(objective: SLO, candidate: Counted, production: Counted | None) -> dict[str, float]:
    figures: dict[str, float] = {
        "requests": candidate.requests,
        "slow": candidate.slow,
        "errors": candidate.errors,
        "threshold": round(exp(LOG_THRESHOLD), 3),
    }
    if candidate.timed is not None:
        figures["timed"] = candidate.timed
    for key in ("slow", "errors"):
        allowed, name = _allowed(objective, key), key.capitalize()
        figures[f"e{name}"] = e_value(log_e(getattr(candidate, key), candidate.out_of(key), allowed))
        median = median_to_detect(allowed, MULTIPLES[2], LOG_THRESHOLD, MIN_REQUESTS)
        if median is not None:
            figures[f"medianToDetect{name}"] = median
        if production is not None:
            figures[f"production{name}"] = getattr(production, key)
            figures[f"e{name}Worse"] = e_value(log_e_worse(key, candidate, production))
    return figures | ({"productionRequests": production.requests} if production is not None else {})


def e_value(log_evidence: float) -> float:
    """An e-value as it is written down: four digits, and no more than JSON can hold."""
    return _LARGEST if log_evidence == inf or log_evidence > log(_LARGEST) else float(f"{exp(log_evidence):.4g}")
