"""The rollbacks as a table of docs/performance.md."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks import page
from benchmarks.rollback.samples import Sample

OURS = "Slipway, spec.rollback"
TARGETS = {"fresh": "at most 0.08 / 0.20", "kept": "at most 6 (Service router) or 0.15 (Gateway router)"}


def report(samples: Sequence[Sample]) -> str:
    """The section between the marks."""
    rows = [_row(samples, *of) for of in dict.fromkeys((s.contestant, s.clients) for s in samples)]
    head = ("way", "clients", "rollbacks", "median s", "p95 s", "× Slipway", "command takes s", "failed requests")
    late = max(sample.late for sample in samples)
    return "\n\n".join(
        (
            f"{page.machine()}. Asked of Slipway, median / p95: {TARGETS['fresh']} s for new connections, "
            f"{TARGETS['kept']} s for kept ones. The load was late by {late * 1e3:.0f} ms at most.",
            page.table(head, rows),
            f"Between start of the command and the last bad answer: {_whole(samples)}.",
        )
    )


def _row(samples: Sequence[Sample], contestant: str, clients: str) -> list[str]:
    mine = [s for s in samples if (s.contestant, s.clients) == (contestant, clients)]
    ours = page.median([s.bad_for for s in samples if (s.contestant, s.clients) == (OURS, clients)])
    bad = [s.bad_for for s in mine]
    return [
        contestant,
        "a connection each" if clients == "fresh" else "kept connections",
        str(len(mine)),
        f"{page.median(bad):.3f}",
        f"{page.percentile(bad, 0.95):.3f}",
        f"{page.median(bad) / ours:.3g}" if ours > 0 else "-",
        f"{page.median([s.command for s in mine]):.3f}",
        str(sum(s.failed for s in mine)),
    ]


def _whole(samples: Sequence[Sample]) -> str:
    """Medians with the command's own time, which no figure above contains."""
    names = dict.fromkeys(s.contestant for s in samples)
    fresh = [s for s in samples if s.clients == "fresh"]
    wholes = {name: page.median([s.command + s.bad_for for s in fresh if s.contestant == name]) for name in names}
    return ", ".join(f"{name} {seconds:.3f} s" for name, seconds in wholes.items())
