"""One look at a canary: its counters with what this pass has read, what they say, and how far the step is.

Counters are judged at every look and written down seldom: raw counters only grow, so what was read since the last
writing is in the next reading too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from slipway.api.policy import CanaryStep
from slipway.api.revision import Canary, ModelRevision, Phase
from slipway.gates.watch.slo import SloJudgement, judge
from slipway.plan.production.counting import counted_beside, renewed
from slipway.plan.situation.scene import Scene
from slipway.words.times import elapsed, parse, stamp

WRITE_SECONDS = 10.0
"""How often counters are written down while the step needs more of them."""
REST_SECONDS = 60.0
"""How often once the step has its evidence, and waits for a person or for better times."""


@dataclass(frozen=True)
class Look:
    """A candidate in its canary, seen now."""

    scene: Scene
    candidate: ModelRevision
    known: Canary
    """The state as it was last written down."""

    @cached_property
    def state(self) -> Canary:
        """The state with what this pass has read."""
        ours = self.scene.seen.counters_of(self.candidate.name)
        if not ours or not due(self.candidate):
            return self.known
        before = self.known.watched
        watched = counted_beside(before, ours, self.scene.seen.counters_of(self.known.against))
        new = watched.requests - before.requests
        both = new + _production(watched.production) - _production(before.production)
        judged = judge(self.candidate.spec.policy.slo, watched, watched.production)
        said = {"state": judged.state.value, "figures": dict(judged.figures), "unread": self.unread}
        written = {"read_at": stamp(self.scene.now), **said}
        update = {"requests": self.known.requests + new, "of": self.known.of + both}
        return self.known.model_copy(update={**update, "watched": watched.model_copy(update=written)})

    @cached_property
    def judgement(self) -> SloJudgement:
        """What the counters of all steps say."""
        watched = self.state.watched
        return judge(self.candidate.spec.policy.slo, watched, watched.production)

    @property
    def steps(self) -> tuple[CanaryStep, ...]:
        """All steps, as they were pinned."""
        return self.candidate.spec.policy.rollout.steps

    @property
    def asked(self) -> CanaryStep:
        """The step that it is at."""
        return self.steps[self.known.step - 1]

    @property
    def silent_seconds(self) -> float:
        """For how long nothing could be read of the candidate."""
        return elapsed(self.state.watched.read_at or self.known.step_started_at, self.scene.now)

    @property
    def unread(self) -> str | None:
        """Which ready pods of either side could not be read now, and why; None: none."""
        sides = (self.candidate.name, self.known.against)
        return next((why[:512] for side in sides if (why := self.scene.seen.unread_of(side))), None)

    @property
    def worth_writing(self) -> bool:
        """Whether to write the counters down now rather than later."""
        before, now = self.known.watched, self.state.watched
        if self.state is self.known:
            return False
        seen = self.scene.seen
        read = {**seen.counters_of(self.candidate.name), **seen.counters_of(self.known.against)}
        if before.read_at is None or renewed(before, read) or before.state != now.state:
            return True
        complete = self.known.requests >= self.asked.min_requests
        return elapsed(before.read_at, self.scene.now) >= (REST_SECONDS if complete else WRITE_SECONDS)


def due(candidate: ModelRevision) -> bool:
    """Whether the counters of both sides should be read: from when the step's weight was seen."""
    state = candidate.status.canary
    return candidate.status.phase is Phase.CANARY and state is not None and state.step_started_at is not None


def progress(look: Look) -> str:
    """How far the step was when its counters were last written down, and how long it has to go at that rate."""
    state, asked = look.known, look.asked
    where = (
        f"step {state.step} of {len(look.steps)} at {state.weight} %: {state.requests} of {asked.min_requests} requests"
    )
    read_at = state.watched.read_at
    since = elapsed(state.step_started_at, parse(read_at)) if read_at else 0.0
    if state.requests == 0 or since <= 0:
        return f"{where}, rate not known yet"
    left = max(0, asked.min_requests - state.requests) * since / state.requests
    return f"{where}, about {_span(left)} left at this rate"


def _production(counted: object) -> int:
    return int(getattr(counted, "requests", 0))


def _span(length: float) -> str:
    """Seconds as people say them."""
    if length < 100:
        return f"{max(1, round(length))} s"
    return f"{round(length / 60)} min" if length < 6000 else f"{length / 3600:.1f} h"
