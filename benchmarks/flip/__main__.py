"""`python -m benchmarks.flip`: what callers notice of a hundred flips and rollbacks, and what a promotion costs.

Requests of three kinds of client at 200 a second, an open loop, while production moves all the time: with Slipway one
promotion in ten moves and rollbacks otherwise; the peers as in benchmarks.rollback. Then promotions without load.
`--write` replaces the section of docs/performance.md; the raw samples go to artifacts/flip.json.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial

from benchmarks import page
from benchmarks.delivery.contestants import Argo, Contestant, Slipway, Undo, move
from benchmarks.delivery.load import Load, load
from benchmarks.delivery.stage import NAMESPACE, Stage, stage
from benchmarks.flip.overhead import Promotion, ask, live, promotion

RATES = {"fresh": 120.0, "kept": 75.0, "slow": 5.0}
PAUSE_SECONDS = 0.5
PROMOTION_EVERY = 10


@dataclass(frozen=True)
class Result:
    """What the callers of one contestant saw."""

    contestant: str
    moves: int
    promotions: int
    requests: dict[str, int]
    failed: dict[str, int]
    wrong: dict[str, int]
    """What went wrong, and how often."""
    late: float


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moves", type=int, default=100, help="flips and rollbacks (a tenth of it for undo)")
    parser.add_argument("--promotions", type=int, default=5, help="promotions that are timed without load")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/performance.md")
    asked = parser.parse_args()
    with stage() as ready:
        timed = [promotion(ready, ready.versions[number % 2], number) for number in range(asked.promotions)]
        results = [_slipway(ready, asked.moves)]
        for peer, count in ((Argo(ready), asked.moves), (Undo(ready), -(-asked.moves // 10))):
            peer.prepare()
            results.append(_loaded(ready, peer, count, partial(_moved, peer)))
    page.keep("flip", {"results": [asdict(r) for r in results], "promotions": [asdict(p) for p in timed]})
    text = report(results, timed)
    print(text)
    if asked.write:
        page.write("flip", text)


def _moved(contestant: Contestant, number: int) -> bool:
    move(contestant, number % 2)
    return False


def _slipway(ready: Stage, count: int) -> Result:
    """Rollbacks between the two revisions that served last, and now and then a promotion that makes a new one."""
    contestant = Slipway(ready)
    serving = sorted(ready.versions, key=lambda version: version == ready.release.live())  # the second one serves

    def one(number: int) -> bool:
        promotes = number % PROMOTION_EVERY == 0
        if promotes:
            ask(ready, serving[0], f"flip {number}")
            live(ready, serving[0])
        else:
            move(contestant, ready.versions.index(serving[0]))
        serving.reverse()
        return promotes

    return _loaded(ready, contestant, count, one)


def _loaded(ready: Stage, contestant: Contestant, count: int, one: Callable[[int], bool]) -> Result:
    """`count` moves under load; `one` makes a move and says whether it was a promotion."""
    promotions = 0
    with load(ready.cluster, (NAMESPACE, contestant.service), ready.server_image, RATES) as sent:
        for number in range(count):
            promotions += one(number)
            time.sleep(PAUSE_SECONDS)
    result = _result(contestant.name, count, promotions, sent)
    print(f"{result.contestant}: {result.requests}, failed {result.failed} {result.wrong}", flush=True)
    return result


def _result(name: str, moves: int, promotions: int, sent: Load) -> Result:
    failures = sent.failures()
    return Result(
        contestant=name,
        moves=moves,
        promotions=promotions,
        requests={kind: len(sent.of(kind)) for kind in RATES},
        failed={kind: sum(f.kind == kind for f in failures) for kind in RATES},
        wrong=dict(Counter(f"{f.kind}: {f.wrong or f.status}" for f in failures)),
        late=sent.latest(),
    )


def report(results: list[Result], timed: list[Promotion]) -> str:
    """The section between the marks."""
    kinds = {"fresh": "a connection each", "kept": "kept connections", "slow": "slow (5 s)"}
    rows = []
    for r in results:
        moved = f"{r.moves}, {r.promotions} of them promotions" if r.promotions else str(r.moves)
        cells = [f"{r.failed[kind]} of {r.requests[kind]:,}" for kind in kinds]
        rows.append([r.contestant, moved, *cells, f"{r.late * 1e3:.0f}"])
    head = ("way", "moves", *(f"failed, {kind}" for kind in kinds.values()), "late by at most, ms")
    spent = ("whole", "pods", "smoke", "overhead")
    medians = {name: page.median([getattr(p, name) for p in timed]) for name in spent}
    rates = " + ".join(f"{rate:g} {kinds[kind]}" for kind, rate in RATES.items())
    return "\n\n".join(
        (
            f"{page.machine()}. Requests a second, an open loop: {rates}. Asked: 0 failed.",
            page.table(head, rows),
            f"A promotion took {medians['whole']:.1f} s from `kubectl patch` to the flip (median of {len(timed)}): "
            f"{medians['pods']:.1f} s for its pods to start, {medians['smoke']:.1f} s for the smoke Job, and "
            f"{medians['overhead']:.1f} s for everything else (asked: at most 2 s; the longest: "
            f"{max(p.overhead for p in timed):.1f} s).",
        )
    )


if __name__ == "__main__":
    main()
