"""How things look in a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from slipway.api.gates.verdict import GateResult, Verdict
from slipway.api.release import ModelRelease
from slipway.api.revision import ModelRevision, Phase
from slipway.plan.situation.phases import IN_FLIGHT
from slipway.words.text import figure
from slipway.words.times import elapsed

CONSOLE = Console(highlight=False, width=None if sys.stdout.isatty() else 180)
"""Wide where nobody looks at it live: a log should not fold what a screen has to."""

PHASE_COLOURS = {
    Phase.LIVE: "green",
    Phase.WATCHING: "cyan",
    Phase.RETIRED: "dim",
    Phase.REJECTED: "red",
    Phase.INCONCLUSIVE: "yellow",
    Phase.ROLLED_BACK: "red",
    Phase.SUPERSEDED: "dim",
    Phase.ABORTED: "dim",
}
VERDICT_COLOURS = {
    Verdict.PASS: "green",
    Verdict.FAIL: "red",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.ERROR: "magenta",
}
TIMED = (Phase.PENDING, Phase.FETCHING, Phase.STAGING, Phase.GATING, Phase.CANARY, Phase.PROMOTING, Phase.WATCHING)
"""Phases whose length says something; the others last until the next release."""


def phase(value: Phase, width: int = 0) -> str:
    """A phase in its colour, at least `width` wide."""
    return f"[{PHASE_COLOURS.get(value, 'cyan')}]{value.value:<{width}}[/]"


def plain_table(*columns: str) -> Table:
    """A table without lines."""
    table = Table(box=None, pad_edge=False, header_style="bold dim", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def gates(results: Iterable[GateResult]) -> Table:
    """Gates with what they measured and what they held it against."""
    table = plain_table("GATE", "VERDICT", "MEASURED", "THRESHOLD", "N", "WHY")
    for result in results:
        colour = VERDICT_COLOURS[result.verdict]
        table.add_row(
            result.name,
            f"[{colour}]{result.verdict.value}[/]" + (" (dry run)" if result.dry_run else ""),
            figure(result.measured, result.unit),
            figure(result.threshold, result.unit),
            "-" if result.n is None else str(result.n),
            escape(result.message),
        )
    return table


def canary(release: ModelRelease, revision: ModelRevision) -> Table:
    """The steps of a canary: which are done, how far the present one is, and what the candidate got of the traffic."""
    table = plain_table("STEP", "WEIGHT", "REQUESTS", "GOT", "")
    state = revision.status.canary
    got = {share.revision: share.observed for share in release.status.traffic}.get(revision.name)
    for number, step in enumerate(revision.spec.policy.rollout.steps, start=1):
        now = state is not None and number == state.step
        counted = f"{state.requests} of {step.min_requests}" if state and now else f"{step.min_requests}"
        done = state is not None and number < state.step
        table.add_row(
            f"[cyan]{number}[/]" if now else str(number),
            f"{step.weight} %",
            counted,
            figure(got, "%") if now else "-",
            "done" if done else ("pauses" if step.pause else ""),
        )
    return table


def revisions(found: Iterable[ModelRevision]) -> Table:
    """The history of a release, newest first."""
    table = plain_table("REVISION", "VERSION", "PHASE", "STARTED", "BY", "WHY")
    for revision in sorted(found, key=lambda r: -r.spec.number):
        started = revision.metadata.creation_timestamp or revision.spec.intake.since
        why = revision.status.message or ""
        table.add_row(
            revision.name,
            revision.spec.model.version,
            phase(revision.status.phase),
            ago(started),
            escape(revision.spec.intake.actor),
            escape(why),
        )
    return table


def timeline(found: Iterable[ModelRevision]) -> Table:
    """Seconds of each phase of each revision, oldest first."""
    table = plain_table("REVISION", "VERSION")
    for column in (*(p.value.upper() for p in TIMED), "TO FLIP"):
        table.add_column(column, justify="right")
    table.add_column("ENDED AS")
    for revision in found:
        seconds = phase_seconds(revision)
        to_flip = sum(seconds.get(p, 0.0) for p in TIMED if p is not Phase.WATCHING)
        flipped = f"{to_flip:.1f} s" if revision.status.flipped_at else "-"
        cells = (f"{seconds[p]:.1f} s" if p in seconds else "-" for p in TIMED)
        table.add_row(revision.name, revision.spec.model.version, *cells, flipped, phase(revision.status.phase))
    return table


def phase_seconds(revision: ModelRevision, now: datetime | None = None) -> dict[Phase, float]:
    """Seconds that each phase took; a phase that has not ended counts until `now`."""
    now = now or datetime.now(UTC)
    taken: dict[Phase, float] = {}
    for timing in revision.status.timings:
        end = datetime.fromisoformat(timing.ended_at) if timing.ended_at else now
        if timing.ended_at or timing.phase in IN_FLIGHT | {Phase.WATCHING}:
            taken[timing.phase] = taken.get(timing.phase, 0.0) + elapsed(timing.started_at, end)
    return taken


def ago(stamp: str | None) -> str:
    """How long ago, as kubectl says it: two units at most."""
    if not stamp:
        return "-"
    rest = int(elapsed(stamp, datetime.now(UTC)))
    parts: list[str] = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count or (unit == "s" and not parts):
            parts.append(f"{count}{unit}")
    return "".join(parts[:2])


def headline(release: ModelRelease) -> str:
    """The release in one line."""
    status, key = release.status, f"{release.metadata.namespace}/{release.metadata.name}"
    live = f"version {status.live.version}" if status.live else "nothing yet"
    return f"[bold]{key}[/]  {status.phase or 'new'}, production serves {live}"
