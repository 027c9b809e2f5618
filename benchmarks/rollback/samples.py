"""Samples of one contestant: production is moved there and back under load, and the answers tell how long it took."""

from __future__ import annotations

import time
from dataclasses import dataclass

from benchmarks.delivery.contestants import Contestant, move
from benchmarks.delivery.load import Load, load
from benchmarks.delivery.stage import NAMESPACE, Stage


@dataclass(frozen=True)
class Sample:
    """One rollback. Seconds; negative: over before the command returned."""

    contestant: str
    clients: str
    command: float
    """How long the command took."""
    bad_for: float
    """From its return to the last answer of the bad version."""
    failed: int
    late: float


@dataclass(frozen=True)
class Batch:
    """So many moves under so many requests a second of one kind of client."""

    contestant: Contestant
    clients: str
    rate: float
    count: int
    afterwards: float
    """How long the bad version is looked for after everything settled, in seconds."""


def take(ready: Stage, batch: Batch) -> list[Sample]:
    """Moves from side 1 to side 0 and back, so an even number of them."""
    moves = list[tuple[float, float]]()
    where = (NAMESPACE, batch.contestant.service)
    with load(ready.cluster, where, ready.server_image, {batch.clients: batch.rate}) as sent:
        for number in range(batch.count + batch.count % 2):
            time.sleep(0.5)
            moves.append(move(batch.contestant, number % 2))
            time.sleep(batch.afterwards)
    ends = [began for began, _ in moves[1:]] + [float("inf")]
    found = []
    for number, (span, end) in enumerate(zip(moves, ends, strict=True)):
        found.append(_sample(batch, sent, (*span, end), ready.revisions[1 - number % 2]))
        print(f"{batch.contestant.name}, {batch.clients}: {found[-1].bad_for:.3f} s", flush=True)
    return found


def _sample(batch: Batch, sent: Load, span: tuple[float, float, float], bad: str) -> Sample:
    """`span`: when the command was started, when it returned, and when the next one was started."""
    began, returned, end = span
    during = [answer for answer in sent.answers if began <= answer.sent < end]
    last = max((answer.done for answer in during if answer.revision == bad), default=began)
    return Sample(
        contestant=batch.contestant.name,
        clients=batch.clients,
        command=returned - began,
        bad_for=last - returned,
        failed=sum(answer.failed for answer in during),
        late=max((answer.sent - answer.due for answer in during), default=0.0),
    )
