"""`slipway status`: everything about one release on one screen."""

from __future__ import annotations

import click
from rich.markup import escape
from rich.table import Table

from slipway.api.release import ModelRelease
from slipway.api.release_status import RevisionRef
from slipway.api.revision import Phase
from slipway.cli import options
from slipway.cli.release.follow import Progress, look
from slipway.cli.session import ReleaseKey, on_cluster
from slipway.cli.view import CONSOLE, ago, canary, gates, headline, plain_table, revisions

_BAD_WHEN_TRUE = {"Reconciling": "cyan", "Stalled": "red", "Held": "yellow"}


@click.command()
@options.key
def command(key: ReleaseKey) -> None:
    """Show the state of a release: what serves, what is in progress, what was decided."""
    show(on_cluster(lambda cluster: look(cluster, key)))


def show(seen: Progress) -> None:
    """Print it."""
    status = seen.release.status
    CONSOLE.print(headline(seen.release))
    if status.message:
        CONSOLE.print(f"  {escape(status.message)}")
    if status.hold:
        CONSOLE.print(f"  [yellow]held[/]: {escape(status.hold.message)}")
    for block in (parts(seen.release), conditions(seen.release)):
        CONSOLE.print()
        CONSOLE.print(block)
    newest = seen.revisions[-1] if seen.revisions else None
    if newest is not None and newest.status.gates:
        CONSOLE.print(f"\n[bold]Gates of {newest.name}[/]")
        CONSOLE.print(gates(newest.status.gates))
    if newest is not None and newest.status.phase is Phase.CANARY:
        CONSOLE.print(f"\n[bold]Canary of {newest.name}[/]")
        CONSOLE.print(canary(seen.release, newest))
    if seen.revisions:
        CONSOLE.print("\n[bold]History[/]")
        CONSOLE.print(revisions(seen.revisions))


def parts(release: ModelRelease) -> Table:
    """Live, candidate and previous."""
    table = plain_table("", "REVISION", "VERSION", "DIGEST", "SINCE")
    for name in ("live", "candidate", "previous"):
        ref: RevisionRef | None = getattr(release.status, name)
        if ref is None:
            table.add_row(name, "-", "-", "-", "-")
        else:
            digest = (ref.digest or "-").removeprefix("sha256:")[:12]
            table.add_row(name, ref.revision, ref.version, digest, ago(ref.since))
    return table


def conditions(release: ModelRelease) -> Table:
    """The conditions, in the colour of whether they are as they should be."""
    table = plain_table("CONDITION", "STATUS", "REASON", "SINCE", "MESSAGE")
    for condition in release.status.conditions:
        holds = condition.status == "True"
        good = "green" if holds else "red"
        colour = (_BAD_WHEN_TRUE[condition.type] if holds else "dim") if condition.type in _BAD_WHEN_TRUE else good
        table.add_row(
            condition.type,
            f"[{'yellow' if condition.status == 'Unknown' else colour}]{condition.status}[/]",
            condition.reason,
            ago(condition.last_transition_time),
            escape(condition.message),
        )
    return table
