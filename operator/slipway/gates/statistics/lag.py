"""What a load's requests went through, and how much of it the load generator itself may be to blame for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import groupby


@dataclass(frozen=True, slots=True)
class Shot:
    """One request of the load. `latency` and `lag` in seconds, both counted from the scheduled time of sending."""

    latency: float
    """Until the whole answer was there, or until the request was given up."""
    lag: float = 0.0
    """Until the request was sent."""
    fault: str | None = None
    """Why the answer does not count: no answer, a status other than 200, or a wrong answer."""
    answered: bool = True
    """False when the request was given up or its connection broke."""
    given_up: bool = False
    """Whether nobody waited any longer: the answer would have taken more than `latency`."""
    at: float = 0.0
    """Its scheduled time, in seconds since the load began."""

    def slow(self, budget: float) -> bool:
        """Whether no right answer came within `budget` seconds."""
        return self.fault is not None or self.latency > budget


def forgivable(shots: Sequence[Shot]) -> list[float]:
    """By how much (seconds) the generator's lateness can have lengthened the latency of each of `shots` at most.

    On the way there: a server that answers in order and never idles while there is work completes a request at most L
    later when no arrival that it waits for is more than L late (Lindley's recursion is monotone in the arrivals). On
    the way back: a process that was not woken to read an answer was not woken to send what fell due meanwhile either.
    """
    return [before + after for before, after in zip(lags_when_sent(shots), lags_until_answered(shots), strict=True)]


def lags_when_sent(shots: Sequence[Shot]) -> list[float]:
    """For each of `shots`, the greatest lag (seconds) among those under way when it was sent, itself included."""
    lags = [0.0] * len(shots)
    under_way: list[tuple[float, float]] = []
    for sent, together in _in_turn(shots, lambda shot: shot.at + shot.lag):
        for shot in (shots[index] for index in together):
            heappush(under_way, (-shot.lag, shot.at + max(shot.latency, shot.lag)))
        while under_way[0][1] < sent:
            heappop(under_way)
        for index in together:
            lags[index] = -under_way[0][0]
    return lags


def lags_until_answered(shots: Sequence[Shot]) -> list[float]:
    """For each of `shots`, the greatest lag (seconds) among the later ones that fell due before it was answered.

    From the last to the first: `places` and `steps` are the staircase of greatest lags among the shots behind, lowest
    and nearest last, so each is put on and taken off once.
    """
    lags = [0.0] * len(shots)
    places: list[float] = []
    steps: list[float] = []
    for due, together in reversed(_in_turn(shots, lambda shot: shot.at)):
        for index in together:
            reached = bisect_left(places, -(due + shots[index].latency))
            lags[index] = steps[reached] if reached < len(steps) else 0.0
        greatest = max(shots[index].lag for index in together)
        while steps and steps[-1] <= greatest:
            places.pop()
            steps.pop()
        places.append(-due)
        steps.append(greatest)
    return lags


def _in_turn(shots: Sequence[Shot], time: Callable[[Shot], float]) -> list[tuple[float, list[int]]]:
    """Each `time` at which there are shots, ascending, with their indices: among them no order is known."""
    order = sorted(range(len(shots)), key=lambda index: time(shots[index]))
    return [(at, list(together)) for at, together in groupby(order, key=lambda index: time(shots[index]))]
