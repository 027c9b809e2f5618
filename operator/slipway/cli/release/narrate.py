"""Tells a release as it happens: one line for each thing that is new, and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from rich.markup import escape
from rich.text import Text

from slipway.api.release_status import Rejected
from slipway.api.revision import ModelRevision, Phase
from slipway.cli.release.follow import Progress, Wish, promoted
from slipway.cli.session import NOT_PROMOTED
from slipway.cli.view import CONSOLE, VERDICT_COLOURS, gates, phase

_MEANING = {
    Phase.PENDING: "running the gates that need no pods",
    Phase.FETCHING: "pods start, fetch the artifacts and verify their digest",
    Phase.STAGING: "pods load the model and answer a first prediction, beside production",
    Phase.GATING: "the gates that need the staged pods",
    Phase.CANARY: "a share of production traffic, step by step",
    Phase.PROMOTING: "production moves to exactly these pods",
    Phase.WATCHING: "production serves it; an SLO breach rolls it back",
    Phase.LIVE: "it met its objectives",
}
_WIDTH = max(len(known.value) for known in _MEANING)


class Narrator:
    """Prints what is new in each look; shows in between what is being waited for."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._started = clock, clock()
        self._told: set[str] = set()
        self._spinner = CONSOLE.status("waiting for the operator")

    def __enter__(self) -> Narrator:
        self._spinner.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spinner.stop()

    def __call__(self, seen: Progress, revision: ModelRevision | None) -> None:
        """Take one look."""
        if seen.release.status.message:
            message = Text(" ".join(seen.release.status.message.split()))
            message.truncate(
                CONSOLE.width - 4, overflow="ellipsis"
            )  # one that wraps would be left behind on the screen
            self._spinner.update(message)
        if revision is None:
            return
        # Gates first: what is new in one look was decided before the phase that followed from it.
        for result in revision.status.gates:
            colour = VERDICT_COLOURS[result.verdict]
            line = f"  gate {result.name}: [{colour}]{result.verdict.value}[/] [dim]{escape(result.message)}[/]"
            self._tell(f"{revision.name} {result.name} {result.verdict} {result.attempts}", line)
        for timing in revision.status.timings:
            meaning = _MEANING.get(timing.phase)
            if meaning:
                self._tell(f"{revision.name} {timing.phase}", f"{phase(timing.phase, _WIDTH)}  [dim]{meaning}[/]")

    def _tell(self, key: str, line: str) -> None:
        if key not in self._told:
            self._told.add(key)
            CONSOLE.print(f"[dim]{self._clock() - self._started:7.1f} s[/]  {line}")


def conclude(wish: Wish, end: ModelRevision | Rejected) -> int:
    """Say how it ended; the exit code that says the same."""
    if isinstance(end, Rejected):
        CONSOLE.print(
            f"[red]✗[/] version {wish.version} is not retried: {end.revision} ended as {end.outcome}, "
            f"{escape(end.message)}"
        )
        CONSOLE.print(f"[dim]to retry: slipway deploy {wish.key.name} --version {wish.version} --retry[/]")
        return NOT_PROMOTED
    if promoted(end):
        CONSOLE.print(f"[green]✓[/] version {wish.version} serves production as {end.name}")
        return 0
    CONSOLE.print(
        f"[red]✗[/] version {wish.version} was not promoted: {end.name} is {phase(end.status.phase)}, "
        f"{escape(end.status.message or end.status.reason or 'no reason given')}"
    )
    blocking = [result for result in end.status.gates if result.blocks]
    if blocking:
        CONSOLE.print(gates(blocking))
    return NOT_PROMOTED
